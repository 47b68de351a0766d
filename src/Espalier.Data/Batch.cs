namespace Espalier.Data;

/// <summary>Some samples of a data set, ready for a model.</summary>
/// <param name="Inputs">[batch, ...], float32, in the data set's bounds.</param>
/// <param name="Labels">[batch], int64; for data without labels, all zero.</param>
/// <param name="Indices">Which samples of the data set these are.</param>
public sealed record Batch(Tensor Inputs, Tensor Labels, IReadOnlyList<int> Indices) : IDisposable
{
    /// <summary>Number of samples.</summary>
    public int Count => Indices.Count;

    /// <summary>
    /// The position of the first sample in the sample stream; sample i stands at Position + i. What is random about a
    /// sample is a function of the seed and its position, so that batch size, workers and ranks do not change it.
    /// </summary>
    public long Position { get; init; }

    /// <summary>Randomly transformed copies of the inputs, each [batch, ...]; empty where an objective wants none.</summary>
    public IReadOnlyList<Tensor> Views { get; init; } = [];

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
        foreach (Tensor view in Views)
            view.Dispose();
    }
}
