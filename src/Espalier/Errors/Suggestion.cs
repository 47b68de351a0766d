namespace Espalier.Errors;

/// <summary>"Did you mean": the known names nearest to a misspelt one.</summary>
public static class Suggestion
{
    /// <summary>Up to three known names within a third of the name's length in edits, nearest first.</summary>
    public static IReadOnlyList<string> Near(string name, IEnumerable<string> known)
    {
        int limit = Math.Max(2, name.Length / 3);
        return [.. known.Select(k => (Name: k, Edits: Distance(name, k)))
            .Where(c => c.Edits <= limit || c.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(c => c.Edits).ThenBy(c => c.Name, StringComparer.Ordinal).Take(3).Select(c => c.Name)];
    }

    /// <summary>A remedy: "did you mean ...?", or the list of what there is.</summary>
    public static string For(string name, IEnumerable<string> known)
    {
        string[] all = [.. known];
        IReadOnlyList<string> near = Near(name, all);
        if (near.Count > 0)
            return $"did you mean {string.Join(" or ", near.Select(n => $"'{n}'"))}?";
        return all.Length == 0 ? "there are none" : $"known: {string.Join(", ", all.Order(StringComparer.Ordinal))}";
    }

    /// <summary>Damerau-Levenshtein distance (adjacent swaps count once), ignoring case.</summary>
    public static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }

    private static bool Same(char x, char y) => char.ToLowerInvariant(x) == char.ToLowerInvariant(y);
}
