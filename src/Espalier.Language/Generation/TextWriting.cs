using Espalier.Language.Tokenizers;

namespace Espalier.Language.Generation;

/// <summary>One text as it grows: what of it may be shown already, and whether it has ended.</summary>
internal sealed class TextWriting(Tokenizer tokenizer, GenerationOptions options)
{
    private readonly List<int> _tokens = [];
    private readonly HashSet<int> _stopTokens = [.. options.StopTokens];
    private string _text = "";
    private int _shown;

    public bool Ended { get; private set; }

    public bool Stopped { get; private set; }

    public int Count => _tokens.Count;

    public GeneratedText Result => new(_text, _tokens, Stopped);

    /// <summary>Takes a token and gives the text that is certain by now and was not given yet.</summary>
    public string Add(int token)
    {
        if (_stopTokens.Contains(token))
        {
            (Ended, Stopped) = (true, true);
            return Rest();
        }

        _tokens.Add(token);
        _text = tokenizer.Decode(_tokens);
        int stop = options.StopTexts.Select(s => _text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        if (stop >= 0)
        {
            _text = _text[..stop];
            (Ended, Stopped) = (true, true);
        }

        Ended |= _tokens.Count >= options.Length;
        return Ended ? Rest() : Certain();
    }

    private string Rest()
    {
        string rest = _text[Math.Min(_shown, _text.Length)..];
        _shown = _text.Length;
        return rest;
    }

    // The last token may be the first bytes of a character, or the text's end the beginning of a stop text.
    private string Certain()
    {
        int end = _text.Length;
        while (end > 0 && _text[end - 1] == '\uFFFD' && _text.Length - end < 3)
            end--;
        int held = options.StopTexts.Select(s => Overlap(_text.AsSpan(0, end), s)).DefaultIfEmpty(0).Max();
        end = Math.Max(_shown, end - held);
        string certain = _text[_shown..end];
        _shown = end;
        return certain;
    }

    /// <summary>How many of the last characters are the first ones of a stop text.</summary>
    private static int Overlap(ReadOnlySpan<char> text, string stop)
    {
        for (int length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
        {
            if (text[^length..].SequenceEqual(stop.AsSpan(0, length)))
                return length;
        }

        return 0;
    }
}
