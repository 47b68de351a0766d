namespace Espalier.Data.Sampling;

/// <summary>
/// An endless stream of sample indices: epoch after epoch, each in its own order, without a seam at the border. Since
/// batches are cut from the stream and not from an epoch, no sample is dropped and none is seen twice in an epoch,
/// whatever the batch size. Safe to read from several threads.
/// </summary>
#pragma warning disable CA1711 // A stream of samples, not of bytes.
public sealed class SampleStream
#pragma warning restore CA1711
{
    private readonly Lock _lock = new();
    private readonly (long Epoch, int[] Order)[] _recent = [(-1, []), (-1, [])];

    /// <summary>Creates the stream.</summary>
    /// <param name="count">Number of samples, at least 1.</param>
    /// <param name="seed">The seed of the orders.</param>
    /// <param name="shuffle">Whether each epoch has a random order of its own; else 0, 1, 2, ...</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no samples.</exception>
    public SampleStream(int count, int seed, bool shuffle = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (Count, Seed, Shuffle) = (count, seed, shuffle);
    }

    /// <summary>Number of samples: the length of an epoch.</summary>
    public int Count { get; }

    /// <summary>The seed of the orders.</summary>
    public int Seed { get; }

    /// <summary>Whether each epoch has a random order of its own.</summary>
    public bool Shuffle { get; }

    /// <summary>The sample indices at stream positions [position, position + n).</summary>
    /// <param name="position">Where to start, from 0; the epoch is position / <see cref="Count"/>.</param>
    /// <param name="n">How many, at least 0; may exceed <see cref="Count"/>.</param>
    /// <returns>n indices in 0..<see cref="Count"/>-1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative position or number.</exception>
    public IReadOnlyList<int> Take(long position, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        int[] taken = new int[n];
        for (int done = 0; done < n;)
        {
            (long epoch, long offset) = Math.DivRem(position + done, Count);
            int some = Math.Min(n - done, Count - (int)offset);
            OrderOf(epoch).AsSpan((int)offset, some).CopyTo(taken.AsSpan(done));
            done += some;
        }

        return taken;
    }

    private int[] OrderOf(long epoch)
    {
        lock (_lock)
        {
            // A batch straddles at most two neighbours, which differ in parity; without shuffling all epochs are one.
            ref (long Epoch, int[] Order) slot = ref _recent[Shuffle ? epoch & 1 : 0];
            if (slot.Epoch != epoch && (Shuffle || slot.Epoch < 0))
                slot = (epoch, Shuffle ? EpochOrder.Permutation(Count, Seed, epoch) : [.. Enumerable.Range(0, Count)]);
            return slot.Order;
        }
    }
}
