using Espalier.Data;

namespace Espalier.Anomaly.Exposure;

/// <summary>Some samples with outliers beside them.</summary>
/// <param name="Inputs">The samples, [n, ...].</param>
/// <param name="Labels">Their labels, [n], int64; null where there are none.</param>
/// <param name="Outliers">k outliers beside each sample, sample after sample, [n·k, ...]; null where there are none, as in evaluation.</param>
public sealed record ExposedBatch(Tensor Inputs, Tensor? Labels, Tensor? Outliers) : IBatch
{
    /// <inheritdoc/>
    public int Count => (int)Inputs.shape[0];

    /// <inheritdoc/>
    public long Position { get; init; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Inputs.Dispose();
        Labels?.Dispose();
        Outliers?.Dispose();
    }
}
