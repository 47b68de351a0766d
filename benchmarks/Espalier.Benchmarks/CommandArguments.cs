using System.Globalization;

namespace Espalier.Benchmarks;

/// <summary>The words after a verb.</summary>
internal sealed class CommandArguments(string[] words)
{
    public bool Has(string option) => words.Contains(option);

    /// <summary>The number after an option.</summary>
    public int? Number(string option)
    {
        int at = Array.IndexOf(words, option);
        return at < 0 || at + 1 == words.Length ? null : int.Parse(words[at + 1], CultureInfo.InvariantCulture);
    }

    /// <summary>The word after an option.</summary>
    public string? Text(string option)
    {
        int at = Array.IndexOf(words, option);
        return at < 0 || at + 1 == words.Length ? null : words[at + 1];
    }
}
