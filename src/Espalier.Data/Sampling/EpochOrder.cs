using Espalier.Randomness;

namespace Espalier.Data.Sampling;

/// <summary>
/// The order of the samples within an epoch: a pure function of seed and epoch. A resumed run needs no generator
/// state, and any epoch's order can be asked for directly.
/// </summary>
public static class EpochOrder
{
    /// <summary>A uniformly random permutation of 0..<paramref name="count"/>-1.</summary>
    /// <param name="count">Number of samples, at least 1.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">Which epoch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">No samples, or a negative epoch.</exception>
    public static int[] Permutation(int count, int seed, long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
            order[i] = i;
        var random = new SplitMix64(seed, epoch);
        random.Shuffle(order);
        return order;
    }
}
