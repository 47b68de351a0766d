using Espalier.Data.Sampling;

namespace Espalier.Tests.Data;

public sealed class SampleStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void An_epoch_holds_every_sample_once(int count)
    {
        for (long epoch = 0; epoch < 3; epoch++)
            Assert.Equal(Enumerable.Range(0, count), EpochOrder.Permutation(count, 3, epoch).Order());
    }

    [Fact]
    public void Orders_depend_on_seed_and_epoch_only()
    {
        int[] order = EpochOrder.Permutation(500, 1, 4);
        Assert.Equal(order, EpochOrder.Permutation(500, 1, 4));
        Assert.NotEqual(order, EpochOrder.Permutation(500, 1, 5));
        Assert.NotEqual(order, EpochOrder.Permutation(500, 2, 4));
        Assert.NotEqual(EpochOrder.Permutation(500, 4, 1), order);
    }

    [Fact]
    public void All_orders_of_four_are_equally_likely()
    {
        const int draws = 24_000;
        var counts = new Dictionary<string, int>();
        for (int epoch = 0; epoch < draws; epoch++)
        {
            string order = string.Concat(EpochOrder.Permutation(4, 11, epoch));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, counts.Count);
        double chiSquare = counts.Values.Sum(c => (c - 1000.0) * (c - 1000.0) / 1000.0);
        Assert.InRange(chiSquare, 8, 45); // 23 degrees of freedom: 0.1 % and 99.6 %
    }

    [Fact]
    public void The_stream_runs_across_epoch_borders()
    {
        var stream = new SampleStream(10, seed: 5);
        long[] expected = [.. EpochOrder.Permutation(10, 5, 0), .. EpochOrder.Permutation(10, 5, 1), .. EpochOrder.Permutation(10, 5, 2)];
        var seen = new List<long>();
        for (long position = 0; position < 30; position += 4)
            seen.AddRange(stream.Take(position, (int)Math.Min(4, 30 - position)));
        Assert.Equal(expected, seen);
        Assert.Equal(expected[3..28], stream.Take(3, 25));
        Assert.Equal(expected[13..15], new SampleStream(10, 5).Take(13, 2));
    }

    [Fact]
    public void Without_shuffling_the_order_is_that_of_the_data() =>
        Assert.Equal([2, 0, 1, 2, 0], new SampleStream(3, 9, shuffle: false).Take(3_000_000_000_002, 5));

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SampleStream(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SampleStream(3, 1).Take(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SampleStream(3, 1).Take(0, -1));
    }
}
