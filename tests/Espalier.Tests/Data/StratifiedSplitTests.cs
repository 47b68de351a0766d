using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class StratifiedSplitTests
{
    // 20 of class 0, 10 of class 1, 7 of class 2, interleaved.
    private static readonly long[] Labels = [.. Enumerable.Range(0, 37).Select(i => i < 14 ? i % 2 : i < 27 ? 0L : i < 30 ? 1 : 2)];

    private static int[] Counts(IEnumerable<int> part) => [.. Enumerable.Range(0, 3).Select(c => part.Count(i => Labels[i] == c))];

    [Fact]
    public void Every_class_has_its_share()
    {
        int[][] parts = StratifiedSplit.Parts(Labels, [0.65, 0.15, 0.2], 1);
        // 13/3/4 of 20; 6.5/1.5/2 of 10 rounds to 7/1/2 (first of equal remainders); 4.55/1.05/1.4 of 7 to 5/1/1.
        Assert.Equal([13, 7, 5], Counts(parts[0]));
        Assert.Equal([3, 1, 1], Counts(parts[1]));
        Assert.Equal([4, 2, 1], Counts(parts[2]));
        Assert.Equal(Enumerable.Range(0, 37), parts.SelectMany(p => p).Order());
    }

    [Fact]
    public void The_split_depends_on_the_seed_only()
    {
        Assert.Equal(StratifiedSplit.Parts(Labels, [0.5, 0.5], 7), StratifiedSplit.Parts(Labels, [0.5, 0.5], 7));
        Assert.NotEqual(StratifiedSplit.Parts(Labels, [0.5, 0.5], 7), StratifiedSplit.Parts(Labels, [0.5, 0.5], 8));
    }

    [Fact]
    public void A_sample_has_exactly_the_size_asked_for()
    {
        int[] sample = StratifiedSplit.Sample(Labels, 18, 3);
        Assert.Equal([10, 5, 3], Counts(sample)); // quotas 9.73, 4.86, 3.41
        Assert.Equal(sample.Order().Distinct(), sample);
        Assert.Equal(37, StratifiedSplit.Sample(Labels, 100, 3).Length);
    }

    [Fact]
    public void Bad_shares_and_empty_parts_are_refused()
    {
        Assert.Throws<OptionsException>(() => StratifiedSplit.Parts(Labels, [0.5, 0.6], 0));
        using Dataset tiny = new("tiny", torch.zeros(2, 1), torch.tensor(new long[] { 0, 1 }), ["a", "b"]);
        Assert.Contains("none for validation", Assert.Throws<DataException>(() => StratifiedSplit.Of(tiny, 0.15, 0.2, 0)).Message, StringComparison.Ordinal);
    }
}
