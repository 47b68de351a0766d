using System.Text.RegularExpressions;
using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Language.Corpora;

/// <summary>
/// The sentences of text that is tokenised by spaces, as outliers for classifiers of sentences (Hendrycks et al. 2019, code): headings
/// (<c>= so =</c>), sentences that begin with '@' or a digit, and those with too few or too many words are left out.
/// </summary>
public static partial class Sentences
{
    /// <summary>The sentences of documents, each document line by line.</summary>
    /// <param name="text">The documents.</param>
    /// <param name="minimumWords">Words of the shortest that is taken.</param>
    /// <param name="maximumWords">Words of the longest that is taken.</param>
    /// <exception cref="DataException">There are none.</exception>
    public static TextDocuments Of(TextDocuments text, int minimumWords = 3, int maximumWords = 60)
    {
        string[] found = [.. text.Documents.SelectMany(d => d.Split('\n')).Select(l => l.Trim())
            .Where(l => l.Length > 0 && !(l[0] == '=' && l[^1] == '='))
            .SelectMany(l => Ends().Split(l))
            .Where(s => s.Length > 0 && s[0] != '@' && !char.IsAsciiDigit(s[0]) && HasWords(s, minimumWords, maximumWords))];
        return found.Length > 0 ? new TextDocuments(text.Name, found)
            : throw new DataException(text.Name, $"has no sentences of {minimumWords} to {maximumWords} words", "allow others, or give another text");
    }

    /// <summary>Whether a text has so many words, by spaces.</summary>
    public static bool HasWords(string text, int minimum, int maximum)
    {
        int words = 0;
        bool inside = false;
        foreach (char c in text)
        {
            bool isSpace = char.IsWhiteSpace(c);
            words += !isSpace && !inside ? 1 : 0;
            inside = !isSpace;
        }

        return words >= minimum && words <= maximum;
    }

    // A mark that stands by itself ends a sentence and belongs to it.
    [GeneratedRegex(@"(?<= [.?!]) ")]
    private static partial Regex Ends();
}
