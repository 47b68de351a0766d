using Espalier.Errors;

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
    private readonly ISampleOrder _order;

    /// <summary>A stream in a random order, a new one each epoch.</summary>
    /// <param name="count">Number of samples, at least 1.</param>
    /// <param name="seed">The seed of the orders.</param>
    /// <param name="shuffle">Whether each epoch has a random order of its own; else 0, 1, 2, ...</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no samples.</exception>
    public SampleStream(int count, int seed, bool shuffle = true)
        : this(count, shuffle ? new ShuffledOrder(count, seed) : new SequentialOrder())
    {
    }

    /// <summary>A stream in a given order.</summary>
    /// <param name="count">Number of samples, at least 1.</param>
    /// <param name="order">The order of each epoch.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no samples.</exception>
    public SampleStream(long count, ISampleOrder order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (Count, _order) = (count, order);
    }

    /// <summary>The stream of a training on a source.</summary>
    /// <param name="source">The source: says in which order it is to be read.</param>
    /// <param name="seed">The seed of the order.</param>
    /// <exception cref="DataException">The source is too large for an order in memory and brings none of its own.</exception>
    public static SampleStream Of<TBatch>(ISampleSource<TBatch> source, int seed)
        where TBatch : IBatch
    {
        if (source.IsIndivisible)
            return new(source.Count, new SequentialOrder());
        if (source.Order(seed) is { } order)
            return new(source.Count, order);
        return source.Count <= int.MaxValue
            ? new((int)source.Count, seed)
            : throw new DataException(source.Name, $"has {source.Count} samples, too many for an order in memory", $"give it an order of its own, such as {nameof(BlockShuffledOrder)}");
    }

    /// <summary>Number of samples: the length of an epoch.</summary>
    public long Count { get; }

    /// <summary>The sample indices at stream positions [position, position + n).</summary>
    /// <param name="position">Where to start, from 0; the epoch is position / <see cref="Count"/>.</param>
    /// <param name="n">How many, at least 0; may exceed <see cref="Count"/>.</param>
    /// <returns>n indices in 0..<see cref="Count"/>-1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative position or number.</exception>
    public long[] Take(long position, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        long[] taken = new long[n];
        for (int done = 0; done < n;)
        {
            (long epoch, long offset) = Math.DivRem(position + done, Count);
            int some = (int)Math.Min(n - done, Count - offset);
            _order.Fill(epoch, offset, taken.AsSpan(done, some));
            done += some;
        }

        return taken;
    }
}
