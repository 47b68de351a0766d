namespace Espalier.Data.Sampling;

/// <summary>A random permutation each epoch. Keeps two permutations of 4 bytes a sample in memory.</summary>
public sealed class ShuffledOrder : ISampleOrder
{
    private readonly Lock _lock = new();
    private readonly (long Epoch, int[] Order)[] _recent = [(-1, []), (-1, [])];
    private readonly int _count;
    private readonly int _seed;

    /// <summary>An order of so many samples.</summary>
    /// <param name="count">Number of samples, at least 1.</param>
    /// <param name="seed">The seed of the permutations.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no samples.</exception>
    public ShuffledOrder(int count, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (_count, _seed) = (count, seed);
    }

    /// <inheritdoc/>
    public void Fill(long epoch, long offset, Span<long> indices)
    {
        ReadOnlySpan<int> order = OrderOf(epoch).AsSpan((int)offset, indices.Length);
        for (int i = 0; i < order.Length; i++)
            indices[i] = order[i];
    }

    private int[] OrderOf(long epoch)
    {
        lock (_lock)
        {
            // A batch straddles at most two neighbours, which differ in parity.
            ref (long Epoch, int[] Order) slot = ref _recent[epoch & 1];
            if (slot.Epoch != epoch)
                slot = (epoch, EpochOrder.Permutation(_count, _seed, epoch));
            return slot.Order;
        }
    }
}
