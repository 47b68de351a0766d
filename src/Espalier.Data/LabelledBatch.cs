namespace Espalier.Data;

/// <summary>Some samples of a labelled data set, ready for a model.</summary>
/// <param name="Inputs">[batch, ...], float32, in the data set's bounds; int64 for tokens.</param>
/// <param name="Labels">[batch], int64; for data without labels, all zero.</param>
public sealed record LabelledBatch(Tensor Inputs, Tensor Labels) : IBatch
{
    /// <inheritdoc/>
    public int Count => (int)Inputs.shape[0];

    /// <inheritdoc/>
    public long Position { get; init; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
    }
}
