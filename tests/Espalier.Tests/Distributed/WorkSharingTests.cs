using Espalier.Communication;
using Espalier.Errors;

namespace Espalier.Tests.Distributed;

public sealed class WorkSharingTests
{
    [Theory]
    [InlineData(1, 7)]
    [InlineData(2, 7)]
    [InlineData(3, 7)]
    [InlineData(5, 2)]
    [InlineData(3, 0)]
    public void Every_rank_gets_all_results_in_order_and_each_item_is_done_once(int ranks, int items)
    {
        int[] doneBy = [.. Enumerable.Repeat(-1, items)];
        foreach (IReadOnlyList<double> results in ThreadRanks.Run(ranks, c => WorkSharing.Map(c, items, i =>
        {
            Assert.Equal(-1, Interlocked.Exchange(ref doneBy[i], c.Rank));
            return 1.0 / (i + 3);
        })))
        {
            Assert.Equal(Enumerable.Range(0, items).Select(i => 1.0 / (i + 3)), results);
        }

        Assert.Equal(Enumerable.Range(0, items).Select(i => i % ranks), doneBy);
    }

    [Fact]
    public void Records_tuples_and_numbers_beyond_the_finite_come_back_as_they_were()
    {
        IReadOnlyList<Trial> trials = ThreadRanks.Run(2, c => WorkSharing.Map(c, 3, i => new Trial($"t{i}", i == 0 ? double.NaN : double.PositiveInfinity, [i, -0.1f])))[1];
        Assert.Equal(("t0", double.NaN, 0f, -0.1f), (trials[0].Name, trials[0].Loss, trials[0].Weights[0], trials[0].Weights[1]));
        Assert.Equal(double.PositiveInfinity, trials[2].Loss);
        Assert.Equal([(0, "a"), (1, "a")], WorkSharing.Map(SingleProcess.Instance, 2, i => (i, "a")));
    }

    [Fact]
    public void An_error_on_one_rank_is_the_same_typed_error_on_all()
    {
        (IReadOnlyList<int>? Value, Exception? Error)[] results = ThreadRanks.Try(3, c => WorkSharing.Map(c, 9, i => i is 4 or 5 ? throw new InvalidOperationException($"no {i}.") : i));
        DistributedException[] errors = [.. results.Select(r => Assert.IsType<DistributedException>(r.Error))];
        Assert.Equal("item 4 of 9 on rank 1: InvalidOperationException: no 4; the other ranks stop with it", Assert.Single(errors.Select(e => e.Message).Distinct()));
        Assert.Equal([null, "no 4.", null], errors.Select(e => e.InnerException?.Message));
    }

    [Fact]
    public void Cancelling_is_no_error_and_hides_none()
    {
        Assert.All(ThreadRanks.Try(2, c => WorkSharing.Map(c, 4, i => i == 2 ? throw new OperationCanceledException() : i)), r => Assert.IsType<OperationCanceledException>(r.Error));
        Assert.All(ThreadRanks.Try(2, c => WorkSharing.Map<int>(c, 4, i => i == 0 ? throw new OperationCanceledException() : throw new DataException("x.csv", "is empty", "fill it"))),
            r => Assert.Contains("item 1 of 4 on rank 1: x.csv: is empty; fill it", Assert.IsType<DistributedException>(r.Error).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Another_number_of_items_is_refused() => Assert.All(ThreadRanks.Try(2, c => WorkSharing.Map(c, 4 + c.Rank, i => i)),
        r => Assert.Contains("4 items on rank 0, 5 on rank 1", Assert.IsType<DistributedException>(r.Error).Message, StringComparison.Ordinal));

    private sealed record Trial(string Name, double Loss, float[] Weights);
}
