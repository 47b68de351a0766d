using Espalier.Data;

namespace Espalier.Language.Questions;

/// <summary>Some windows of questions and texts.</summary>
/// <param name="Tokens">[batch, tokens], int64.</param>
/// <param name="Starts">[batch], int64: the first token of the answer; 0 where the window holds none.</param>
/// <param name="Ends">[batch], int64: the last token of the answer; 0 where the window holds none.</param>
public sealed record QuestionBatch(Tensor Tokens, Tensor Starts, Tensor Ends) : IBatch
{
    /// <inheritdoc/>
    public int Count => (int)Tokens.shape[0];

    /// <inheritdoc/>
    public long Position { get; init; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Tokens.Dispose();
        Starts.Dispose();
        Ends.Dispose();
    }
}
