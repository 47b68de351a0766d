using System.Text;

namespace Espalier.Metrics;

/// <summary>
/// How well an answer in words agrees with reference answers, as SQuAD counts it (Rajpurkar et al. 2016): lower case, without
/// punctuation and articles; the best reference counts.
/// </summary>
public static class AnswerOverlap
{
    private static readonly string[] Articles = ["a", "an", "the"];

    /// <summary>Whether the answer is one of the references: 1 or 0.</summary>
    /// <param name="answer">The answer; empty for "there is none".</param>
    /// <param name="references">The right answers; empty where there is none.</param>
    public static double ExactMatch(string answer, IReadOnlyCollection<string> references)
    {
        string words = string.Join(' ', Words(answer));
        return references.Count == 0 ? (words.Length == 0 ? 1 : 0) : references.Any(r => string.Join(' ', Words(r)) == words) ? 1 : 0;
    }

    /// <summary>The harmonic mean of precision and recall of the words, in [0, 1]; 1 for two answers without words, 0 for one.</summary>
    /// <param name="answer">The answer; empty for "there is none".</param>
    /// <param name="references">The right answers; empty where there is none.</param>
    public static double F1(string answer, IReadOnlyCollection<string> references)
    {
        string[] given = Words(answer);
        return references.Count == 0 ? (given.Length == 0 ? 1 : 0) : references.Max(r => F1(given, Words(r)));
    }

    /// <summary>The words that count: in lower case, without punctuation and articles.</summary>
    /// <param name="text">Any text.</param>
    public static string[] Words(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (!char.IsAscii(c) || !(char.IsPunctuation(c) || char.IsSymbol(c)))
                kept.Append(char.ToLowerInvariant(c));
        }

        return [.. kept.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(w => !Articles.Contains(w))];
    }

    private static double F1(string[] given, string[] reference)
    {
        if (given.Length == 0 || reference.Length == 0)
            return given.Length == reference.Length ? 1 : 0;
        Dictionary<string, int> left = reference.GroupBy(w => w).ToDictionary(g => g.Key, g => g.Count());
        int common = given.GroupBy(w => w).Sum(g => Math.Min(g.Count(), left.GetValueOrDefault(g.Key)));
        if (common == 0)
            return 0;
        (double precision, double recall) = ((double)common / given.Length, (double)common / reference.Length);
        return 2 * precision * recall / (precision + recall);
    }
}
