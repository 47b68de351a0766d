using Espalier.Randomness;

namespace Espalier.Anomaly.Exposure;

/// <summary>
/// Which outliers stand beside which training samples: the outliers in one random order, read on and on from a new random place in
/// each epoch, round and round (Hendrycks et al. 2019, code). A function of the seed and the sample's position in the stream: neither
/// micro-batches nor ranks change it.
/// </summary>
internal sealed class OutlierSampling
{
    private const long Purpose = 0x6f75746c;

    private readonly int[] _order;
    private readonly int _seed;
    private readonly int _perSample;
    private readonly int _epoch;

    /// <param name="outliers">Number of outliers, at least 1.</param>
    /// <param name="samples">Training samples of an epoch.</param>
    /// <param name="perSample">Outliers beside each.</param>
    /// <param name="seed">The seed.</param>
    public OutlierSampling(int outliers, int samples, int perSample, int seed)
    {
        (_epoch, _perSample, _seed) = (samples, perSample, seed);
        _order = [.. Enumerable.Range(0, outliers)];
        new SplitMix64(seed, Purpose).Shuffle(_order);
    }

    /// <summary>The outliers of some samples, sample after sample.</summary>
    /// <param name="position">Position of the first sample in the stream.</param>
    /// <param name="count">Number of samples.</param>
    public int[] Of(long position, int count)
    {
        int[] chosen = new int[count * _perSample];
        for (int i = 0; i < count; i++)
        {
            (long epoch, long at) = Math.DivRem(position + i, _epoch);
            long start = new SplitMix64(_seed, Purpose, epoch).NextBelow(_order.Length);
            for (int k = 0; k < _perSample; k++)
                chosen[(i * _perSample) + k] = _order[(start + (at * _perSample) + k) % _order.Length];
        }

        return chosen;
    }
}
