using Espalier.Data.Sampling;
using Espalier.Errors;

namespace Espalier.Data.Text;

/// <summary>Cuts texts into parts.</summary>
internal static class TextSplit
{
    /// <summary>Cuts one text at characters, in order: the first share, the next, and so on.</summary>
    /// <param name="name">The text's name.</param>
    /// <param name="text">The text.</param>
    /// <param name="shares">The shares of the characters (code points), summing to at most 1; the last part takes the rest.</param>
    public static string[] InOrder(string name, string text, params IReadOnlyList<double> shares)
    {
        int[] starts = Starts(text, shares);
        string[] parts = [.. starts.Select((start, i) => text[start..(i + 1 < starts.Length ? starts[i + 1] : text.Length)])];
        int empty = Array.FindIndex(parts, p => p.Length == 0);
        return empty < 0 ? parts : throw new DataException(name, $"{text.Length} characters leave none for part {empty + 1} of {parts.Length}", "give a longer text or larger fractions");
    }

    /// <summary>Cuts documents at random, each class with its share where there are classes.</summary>
    public static TextDocuments[] AtRandom(TextDocuments all, IReadOnlyList<double> shares, int seed)
    {
        long[] labels = [.. all.Labels?.Select(l => (long)l) ?? new long[all.Documents.Count]];
        int[][] parts = StratifiedSplit.Parts(labels, shares, seed);
        int empty = Array.FindIndex(parts, p => p.Length == 0);
        return empty < 0 ? [.. parts.Select(p => all.Subset(all.Name, p))] : throw new DataException(all.Name, $"{labels.Length} documents leave none for part {empty + 1} of {parts.Length}", "give more documents or larger fractions");
    }

    // Shares are of code points, so that a part never begins within a surrogate pair.
    private static int[] Starts(string text, IReadOnlyList<double> shares)
    {
        int total = text.Length - CountPairs(text);
        int[] targets = new int[shares.Count];
        double before = 0;
        for (int i = 0; i < shares.Count; before += shares[i++])
            targets[i] = (int)((before * total) + 1e-9);
        int[] starts = new int[shares.Count];
        (int at, int points) = (0, 0);
        for (int i = 0; i < targets.Length; i++)
        {
            for (; points < targets[i]; points++)
                at += IsPair(text, at) ? 2 : 1;
            starts[i] = at;
        }

        return starts;
    }

    private static bool IsPair(string text, int at) => at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]);

    private static int CountPairs(string text)
    {
        int pairs = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (IsPair(text, i))
                (pairs, i) = (pairs + 1, i + 1);
        }

        return pairs;
    }
}
