namespace Espalier.Data;

/// <summary>Some samples without labels.</summary>
/// <param name="Inputs">[batch, ...].</param>
public sealed record InputBatch(Tensor Inputs) : IBatch
{
    /// <inheritdoc/>
    public int Count => (int)Inputs.shape[0];

    /// <inheritdoc/>
    public long Position { get; init; }

    /// <summary>Frees the inputs.</summary>
    public void Dispose() => Inputs.Dispose();
}
