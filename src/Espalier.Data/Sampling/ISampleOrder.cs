namespace Espalier.Data.Sampling;

/// <summary>The order in which the epochs of a training go through the samples. Safe to read from several threads.</summary>
public interface ISampleOrder
{
    /// <summary>The samples at some places of an epoch: a pure function of its arguments.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="offset">The first place, from 0.</param>
    /// <param name="indices">Filled with as many samples as fit; does not reach beyond the epoch.</param>
    void Fill(long epoch, long offset, Span<long> indices);
}
