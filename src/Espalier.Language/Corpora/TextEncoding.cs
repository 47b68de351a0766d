using Espalier.Data;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Tokenizers;

namespace Espalier.Language.Corpora;

/// <summary>Turns loaded text into data sets of tokens, once, before training.</summary>
public static class TextEncoding
{
    /// <summary>Trains or reads the tokenizer and encodes all parts.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">Length, layout, tokenizer.</param>
    /// <param name="needed">The special tokens that the task needs besides those of the layout.</param>
    /// <param name="extra">Tokens of a row beyond <see cref="TextOptions.Length"/>: 1 for a causal model, which predicts the next token.</param>
    /// <exception cref="OptionsException">A value is out of range, or the tokenizer lacks a special token.</exception>
    /// <exception cref="DataException">A part is too short.</exception>
    public static TokenizedText Encode(LoadedText text, TextOptions options, IEnumerable<SpecialToken> needed, int extra = 0)
    {
        options.Validate();
        bool isWindows = (options.Layout ?? (text.Train.Labels is null ? TextLayout.Windows : TextLayout.Documents)) == TextLayout.Windows;
        var specials = new List<SpecialToken>(needed);
        if (!isWindows)
            specials.Add(SpecialToken.Pad);
        if (options.Framing == TextFraming.ClassSeparator)
            specials.AddRange([SpecialToken.Class, SpecialToken.Separator]);
        Tokenizer tokenizer = OptionsException.Within("tokenizer", () => TokenizerFactory.Create(options.Tokenizer, isWindows ? [Joined(text.Train)] : text.Train.Documents, specials));
        foreach (SpecialToken special in specials)
            _ = tokenizer.Specials.Require(special, "this task");
        int length = options.Length + extra;
        Dataset Part(TextDocuments part, bool isTraining) => isWindows
            ? Windows(tokenizer, part, length, isTraining ? options.Stride : options.Length, isTraining ? null : options.EvaluationWindows)
            : Rows(tokenizer, part, text.ClassNames, length, options.Framing, options.Padding);

        Dataset validation = Part(text.Validation, false);
        Dataset test = Part(text.Test, false);
        return new TokenizedText(new DatasetSplits(Part(text.Train, true), validation, test), tokenizer, CharactersPerToken(tokenizer, isWindows ? [Joined(text.Test)] : text.Test.Documents)) { IsWindows = isWindows };
    }

    /// <summary>The windows of documents joined by line breaks.</summary>
    /// <param name="tokenizer">Makes the tokens.</param>
    /// <param name="text">The documents.</param>
    /// <param name="length">Tokens of a window.</param>
    /// <param name="stride">Tokens from one window to the next.</param>
    /// <param name="most">The largest number of windows; all where null.</param>
    /// <exception cref="DataException">The text is shorter than a window.</exception>
    public static Dataset Windows(Tokenizer tokenizer, TextDocuments text, int length, int stride, int? most = null)
    {
        long[] ids = [.. tokenizer.Encode(Joined(text)).Select(i => (long)i)];
        return Dataset.Windows(text.Name, torch.tensor(ids), length, stride, most);
    }

    /// <summary>One row per document, cut or padded to a length.</summary>
    /// <param name="tokenizer">Makes the tokens; has <c>[PAD]</c>.</param>
    /// <param name="text">The documents.</param>
    /// <param name="classNames">One name per class; empty without classes.</param>
    /// <param name="length">Tokens of a row.</param>
    /// <param name="framing">What stands around a document.</param>
    /// <param name="padding">Where the padding of a short document stands.</param>
    public static Dataset Rows(Tokenizer tokenizer, TextDocuments text, IReadOnlyList<string> classNames, int length, TextFraming framing, PaddingSide padding = PaddingSide.After)
    {
        int pad = tokenizer.Specials.Require(SpecialToken.Pad, "documents of different lengths");
        long[] rows = new long[checked(text.Documents.Count * length)];
        Array.Fill(rows, pad);
        for (int i = 0; i < text.Documents.Count; i++)
        {
            Span<long> row = rows.AsSpan(i * length, length);
            int used = Fill(tokenizer, text.Documents[i], framing, row);
            if (padding == PaddingSide.Before && used < length)
            {
                row[..used].CopyTo(row[(length - used)..]);
                row[..(length - used)].Fill(pad);
            }
        }

        long[] labels = text.Labels is { } given && classNames.Count > 0 ? [.. given.Select(l => (long)l)] : new long[text.Documents.Count];
        using Tensor flat = torch.tensor(rows);
        return new Dataset(text.Name, flat.view(text.Documents.Count, length), torch.tensor(labels), classNames.Count > 0 ? classNames : ["text"]);
    }

    /// <summary>The tokens of one document in a row that is otherwise left as it is.</summary>
    /// <returns>How many there are.</returns>
    internal static int Fill(Tokenizer tokenizer, string document, TextFraming framing, Span<long> row)
    {
        IReadOnlyList<int> ids = tokenizer.Encode(document);
        if (framing == TextFraming.None)
        {
            int taken = Math.Min(ids.Count, row.Length);
            for (int i = 0; i < taken; i++)
                row[i] = ids[i];
            return taken;
        }

        int kept = Math.Min(ids.Count, row.Length - 2);
        row[0] = tokenizer.Specials.Require(SpecialToken.Class, "framing");
        for (int i = 0; i < kept; i++)
            row[i + 1] = ids[i];
        row[kept + 1] = tokenizer.Specials.Require(SpecialToken.Separator, "framing");
        return kept + 2;
    }

    private static string Joined(TextDocuments text) => text.Documents is [var one] ? one : string.Join('\n', text.Documents) + "\n";

    private static double CharactersPerToken(Tokenizer tokenizer, IReadOnlyList<string> texts) =>
        (double)texts.Sum(t => t.EnumerateRunes().Count()) / Math.Max(1, texts.Sum(t => tokenizer.Encode(t).Count));
}
