using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Tests.Training;

/// <summary>Sources that are no labelled data sets: orders of their own, samples that go together.</summary>
public sealed class SampleSourceTests
{
    [Theory]
    [InlineData(10, 3)]
    [InlineData(12, 4)]
    [InlineData(7, 7)]
    [InlineData(5, 9)]
    [InlineData(101, 10)]
    public void A_block_shuffled_epoch_holds_every_sample_once_however_it_is_cut(int count, int block)
    {
        var order = new BlockShuffledOrder(count, block, seed: 3);
        for (long epoch = 0; epoch < 3; epoch++)
        {
            long[] whole = new long[count];
            order.Fill(epoch, 0, whole);
            Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), whole.Order());

            // Neighbours in the order lie in one block until it is used up.
            Assert.True(whole.Zip(whole.Skip(1)).Count(p => p.First / block != p.Second / block) <= (count - 1) / block);
            for (int from = 0; from < count; from += 4)
            {
                long[] part = new long[Math.Min(4, count - from)];
                order.Fill(epoch, from, part);
                Assert.Equal(whole[from..(from + part.Length)], part);
            }
        }
    }

    [Fact]
    public void A_large_source_is_read_in_its_own_order()
    {
        var source = new Numbers(6_000_000_000) { Own = new BlockShuffledOrder(6_000_000_000, 1 << 22, 1) };
        using var model = new TwoNumbers(1, 1);
        new Trainer(new() { Length = Duration.Steps(3), BatchSize = 8 }).Fit(new Plain(model), source).Dispose();
        Assert.Equal(24, source.Seen.Distinct().Count());
        Assert.Single(source.Seen.Select(i => i >> 22).Distinct());
        Assert.Contains("order of its own", Assert.Throws<DataException>(() => SampleStream.Of(new Numbers(6_000_000_000), 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_that_go_together_are_one_step_an_epoch()
    {
        var graph = new Numbers(5) { IsIndivisible = true };
        using var model = new TwoNumbers(1, 1);
        var steps = new List<long>();
        new Trainer(new() { Length = Duration.Epochs(3), BatchSize = 2 }).Fit(new Plain(model), graph, new() { Observer = s => steps.Add(s.State.SamplesSeen) }).Dispose();
        Assert.Equal([5, 10, 15], steps);
        Assert.Equal([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4], graph.Seen.Take(15));
    }

    [Fact]
    public void Samples_that_go_together_refuse_what_takes_them_apart()
    {
        var graph = new Numbers(5) { IsIndivisible = true };
        using var model = new TwoNumbers(1, 1);
        foreach (TrainerOptions options in new TrainerOptions[] { new() { BatchSize = 4, MicroBatchSize = 2 }, new() { BatchSize = 4, MeasureNoiseScale = true }, new() { BatchSize = 2, BatchSchedule = [new() { After = Duration.Steps(1), BatchSize = 4 }] } })
            Assert.Contains("learned from all at once", Assert.Throws<OptionsException>(() => new Trainer(options).Fit(new Plain(model), graph)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_selected_source_keeps_count_order_and_place()
    {
        var numbers = new Numbers(9);
        ISampleSource<InputBatch> doubled = numbers.Select(b => new InputBatch(b.Inputs * 2) { Position = b.Position });
        using InputBatch batch = doubled.Gather([3, 1], 40);
        Assert.Equal([6f, 2f], batch.Inputs.data<float>().ToArray());
        Assert.Equal((40L, 9L, numbers.Fingerprint), (batch.Position, doubled.Count, doubled.Fingerprint));
    }

    [Fact]
    public void Batches_in_order_cover_a_source_once()
    {
        var seen = new List<float>();
        foreach (InputBatch batch in new Numbers(10).InBatches(4))
            seen.AddRange(batch.Inputs.data<float>().ToArray());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (float)i), seen);
    }

    [Fact]
    public void The_checksum_of_data_is_that_of_what_it_holds()
    {
        static Dataset Make(float value, long label, long width = 2) =>
            new("x", torch.full([4, width], value), torch.full([4], label, dtype: torch.int64), ["a", "b"], Espalier.Models.InputBounds.Unbounded);
        using Dataset one = Make(1, 0), same = Make(1, 0), other = Make(2, 0), labelled = Make(1, 1), wide = Make(1, 0, 4);
        Assert.Equal(one.Fingerprint, same.Fingerprint);
        Assert.Equal(4, new[] { one, other, labelled, wide }.Select(d => d.Fingerprint).Distinct().Count());
    }

    /// <summary>Sample i is the number i; nothing is held in memory.</summary>
    private sealed class Numbers(long count) : ISampleSource<InputBatch>
    {
        private readonly Lock _lock = new();

        public string Name => "numbers";

        public long Count => count;

        public torch.Device Device => torch.CPU;

        public string Fingerprint => $"numbers to {count}";

        public bool IsIndivisible { get; init; }

        public ISampleOrder? Own { get; init; }

        public List<long> Seen { get; } = [];

        public ISampleOrder? Order(int seed) => Own;

        public InputBatch Gather(ReadOnlySpan<long> indices, long position)
        {
            lock (_lock)
                Seen.AddRange(indices.ToArray());
            return new(torch.tensor(indices.ToArray().Select(i => (float)i).ToArray()).DetachFromDisposeScope()) { Position = position };
        }
    }

    private sealed class Plain(TwoNumbers model) : Objective<InputBatch>
    {
        public override torch.nn.Module Model => model;

        public override LossSum Step(InputBatch batch, TrainingState state) => new((model.A + model.B).sum() * batch.Count, batch.Count);
    }
}
