using Espalier.Data.Text;

namespace Espalier.Language.Tokenizers;

/// <summary>Finds the words of a text.</summary>
internal static class Words
{
    public static List<Range> In(string text, WordSplit split)
    {
        var words = new List<Range>();
        int start = -1;
        for (int i = 0; i < text.Length; i++)
        {
            bool isMark = split == WordSplit.Punctuation && (char.IsPunctuation(text[i]) || char.IsSymbol(text[i]));
            if (!isMark && !char.IsWhiteSpace(text[i]))
            {
                start = start < 0 ? i : start;
                continue;
            }

            if (start >= 0)
                words.Add(start..i);
            start = -1;
            if (isMark)
                words.Add(i..(i + 1));
        }

        if (start >= 0)
            words.Add(start..text.Length);
        return words;
    }
}
