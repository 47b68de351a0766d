using System.Security.Cryptography;
using System.Text;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// Words of a record that a watcher keeps or repeats: whole characters only, and never long. An id of any length stays one id: its
/// SHA-256 stands for what is cut off.
/// </summary>
internal static class RecordText
{
    private const int LongestId = 256;
    private const int KeptOfId = 64;
    private const int LongestProblem = 1000;

    public static string Id(string id)
    {
        string whole = Whole(id);
        return whole.Length <= LongestId ? whole
            : $"{Whole(whole[..KeptOfId])}...sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)))}";
    }

    public static string Problem(string problem) => problem.Length <= LongestProblem ? Whole(problem) : Whole(problem[..LongestProblem]) + "...";

    // Half of a surrogate pair cannot be written as JSON.
    private static string Whole(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]))
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        }

        return text;
    }
}
