namespace Espalier.Data;

/// <summary>Some samples of a data set, ready for a model.</summary>
/// <param name="Inputs">[batch, ...], float32, in the data set's bounds.</param>
/// <param name="Labels">[batch], int64; for data without labels, all zero.</param>
/// <param name="Indices">Which samples of the data set these are.</param>
public sealed record Batch(Tensor Inputs, Tensor Labels, IReadOnlyList<int> Indices) : IDisposable
{
    /// <summary>Number of samples.</summary>
    public int Count => Indices.Count;

    /// <summary>Frees both tensors.</summary>
    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
    }
}
