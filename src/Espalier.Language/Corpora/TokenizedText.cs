using Espalier.Data;
using Espalier.Language.Tokenizers;

namespace Espalier.Language.Corpora;

/// <summary>A text as token data sets, with the tokenizer that made them.</summary>
/// <param name="Splits">Rows of tokens [length], int64; owned by this object.</param>
/// <param name="Tokenizer">The tokenizer, trained on the training part alone.</param>
/// <param name="CharactersPerToken">Characters of the test part over its tokens: what turns a loss per token into one per character.</param>
public sealed record TokenizedText(DatasetSplits Splits, Tokenizer Tokenizer, double CharactersPerToken) : IDisposable
{
    /// <summary>Whether samples are windows of running text; else each is a document.</summary>
    public bool IsWindows { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Splits.Dispose();
}
