using Espalier.Randomness;

namespace Espalier.Data.Sampling;

/// <summary>
/// The order of a source that is larger than memory: blocks of neighbouring samples in random order, and a random order inside each block. What is
/// read at a time then lies together on the disk. Takes 4 bytes a block and a sample of a block, not a sample.
/// </summary>
public sealed class BlockShuffledOrder : ISampleOrder
{
    private const long BlockPurpose = 0x626c6f636b;

    private readonly Lock _lock = new();
    private readonly long _count;
    private readonly int _block;
    private readonly int _seed;
    private readonly ShuffledOrder _blocks;
    private (long Epoch, long Block, int[] Order) _recent = (-1, -1, []);
    private (long Epoch, long At) _short = (-1, -1);

    /// <summary>An order of so many samples.</summary>
    /// <param name="count">Number of samples, at least 1.</param>
    /// <param name="block">Samples of a block, at least 1; the last block may hold fewer.</param>
    /// <param name="seed">The seed of the order.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is too small, or there are more than 2³¹-1 blocks.</exception>
    public BlockShuffledOrder(long count, int block, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        long blocks = (count + block - 1) / block;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks, int.MaxValue, nameof(count));
        (_count, _block, _seed) = (count, block, seed);
        _blocks = new ShuffledOrder((int)blocks, seed);
    }

    /// <inheritdoc/>
    public void Fill(long epoch, long offset, Span<long> indices)
    {
        long blocks = (_count + _block - 1) / _block;
        int last = (int)(_count - ((blocks - 1) * _block));
        Span<long> one = stackalloc long[1];
        long shortAt = ShortBlock(epoch, blocks);
        for (int done = 0; done < indices.Length;)
        {
            long place = offset + done;

            // All blocks before the short one are full; from it on everything moves up by what it lacks.
            long at = place < (shortAt * _block) + last ? Math.Min(place / _block, shortAt) : (place + _block - last) / _block;
            long start = at <= shortAt ? at * _block : (at * _block) - (_block - last);
            _blocks.Fill(epoch, at, one);
            int length = one[0] == blocks - 1 ? last : _block;
            int[] order = Inside(epoch, one[0], length);
            int from = (int)(place - start);
            int some = Math.Min(indices.Length - done, length - from);
            for (int i = 0; i < some; i++)
                indices[done + i] = (one[0] * _block) + order[from + i];
            done += some;
        }
    }

    // Where in the epoch the last block of the source comes, which may be shorter than the others.
    private long ShortBlock(long epoch, long blocks)
    {
        lock (_lock)
        {
            if (_short.Epoch != epoch)
            {
                long[] order = new long[blocks];
                _blocks.Fill(epoch, 0, order);
                _short = (epoch, Array.IndexOf(order, blocks - 1));
            }

            return _short.At;
        }
    }

    private int[] Inside(long epoch, long block, int length)
    {
        lock (_lock)
        {
            if (_recent.Epoch != epoch || _recent.Block != block)
            {
                int[] order = [.. Enumerable.Range(0, length)];
                new SplitMix64(_seed, BlockPurpose, unchecked((epoch * 0x9E3779B1) + block)).Shuffle(order);
                _recent = (epoch, block, order);
            }

            return _recent.Order;
        }
    }
}
