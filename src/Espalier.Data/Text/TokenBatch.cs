namespace Espalier.Data.Text;

/// <summary>Some rows of tokens.</summary>
/// <param name="Tokens">[batch, tokens], int64, not negative.</param>
public sealed record TokenBatch(Tensor Tokens) : IBatch
{
    /// <inheritdoc/>
    public int Count => (int)Tokens.shape[0];

    /// <inheritdoc/>
    public long Position { get; init; }

    /// <summary>Frees the tokens.</summary>
    public void Dispose() => Tokens.Dispose();
}
