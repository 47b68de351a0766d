using Espalier.Data;

namespace Espalier.Language.Objectives;

/// <summary>Some rows of tokens, part of them hidden.</summary>
/// <param name="Tokens">[batch, tokens], int64: what the model sees.</param>
/// <param name="Targets">[batch, tokens], int64: the tokens to be found, -100 where nothing is to be found.</param>
public sealed record MaskedTokenBatch(Tensor Tokens, Tensor Targets) : IBatch
{
    /// <inheritdoc/>
    public int Count => (int)Tokens.shape[0];

    /// <inheritdoc/>
    public long Position { get; init; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Tokens.Dispose();
        Targets.Dispose();
    }
}
