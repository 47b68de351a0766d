namespace Espalier.Data.Sampling;

/// <summary>Every epoch from the first sample to the last.</summary>
public sealed class SequentialOrder : ISampleOrder
{
    /// <inheritdoc/>
    public void Fill(long epoch, long offset, Span<long> indices)
    {
        for (int i = 0; i < indices.Length; i++)
            indices[i] = offset + i;
    }
}
