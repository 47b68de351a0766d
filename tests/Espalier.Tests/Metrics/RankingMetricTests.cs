using System.Diagnostics;
using Espalier.Errors;
using Espalier.Metrics;

namespace Espalier.Tests.Metrics;

public sealed class RankingMetricTests
{
    [Fact]
    public void The_example_of_scikit_learn()
    {
        // sklearn.metrics: roc_auc_score = 0.75, average_precision_score = 0.8333 (documentation of both).
        double[] scores = [0.1, 0.4, 0.35, 0.8];
        bool[] positives = [false, false, true, true];
        Assert.Equal(0.75, Auroc.Of(scores, positives), 15);
        Assert.Equal(5 / 6.0, AveragePrecision.Of(scores, positives), 15);
        // Descending: 0.8 (tp), 0.4 (fp), 0.35 (tp): the second positive costs one of two negatives.
        Assert.Equal(0.5, FalsePositiveRate.AtTruePositiveRate(scores, positives));
        Assert.Equal(0, FalsePositiveRate.AtTruePositiveRate(scores, positives, 0.5));
    }

    [Fact]
    public void Equal_scores_are_chance()
    {
        double[] scores = [2, 2, 2, 2, 2];
        bool[] positives = [true, false, false, true, false];
        Assert.Equal(0.5, Auroc.Of(scores, positives));
        Assert.Equal(0.4, AveragePrecision.Of(scores, positives), 15);
        Assert.Equal(1, FalsePositiveRate.AtTruePositiveRate(scores, positives));
    }

    [Fact]
    public void Ties_across_sides_count_half()
    {
        // Pairs: 3>1, 3>2, 2>1 won, 2=2 tied: 3.5 of 4.
        Assert.Equal(3.5 / 4, Auroc.Of([3.0, 2.0], [2.0, 1.0]));
        // Thresholds 3: P=1, R=1/2. 2: P=2/3, R=1.
        Assert.Equal((0.5 * 1) + (0.5 * 2 / 3), AveragePrecision.Of([3.0, 2.0], [2.0, 1.0]), 15);
    }

    [Fact]
    public void The_area_is_the_share_of_won_pairs()
    {
        var random = new Random(4);
        double[] positives = [.. Enumerable.Range(0, 60).Select(_ => (double)random.Next(12))];
        double[] negatives = [.. Enumerable.Range(0, 90).Select(_ => random.Next(10) - 1.0)];
        double won = positives.Sum(p => negatives.Sum(n => p > n ? 1 : p == n ? 0.5 : 0));
        Assert.Equal(won / (60 * 90), Auroc.Of(positives, negatives), 14);
        Assert.Equal(1 - (won / (60 * 90)), Auroc.Of(negatives, positives), 14);
        double[] mapped = [.. positives.Select(Math.Exp)];
        Assert.Equal(won / (60 * 90), Auroc.Of(mapped, [.. negatives.Select(Math.Exp)]), 14);
    }

    [Fact]
    public void Perfect_and_worst_rankings()
    {
        Assert.Equal(1, Auroc.Of([2.0, double.PositiveInfinity], [1.0]));
        Assert.Equal(0, Auroc.Of([1.0], [2.0, 3.0]));
        Assert.Equal(1, AveragePrecision.Of([2.0, 3.0], [1.0]));
        Assert.Equal(1 / 3.0, AveragePrecision.Of([1.0], [2.0, 3.0]), 15);
        Assert.Equal(1, FalsePositiveRate.AtTruePositiveRate([1.0], [2.0, 3.0]));
    }

    [Fact]
    public void Ninety_five_per_cent_of_twenty_is_nineteen()
    {
        double[] positives = [.. Enumerable.Range(1, 20).Select(i => (double)i)];
        // 19 of 20 positives score 2 or more; so do 3 of these 4 negatives.
        Assert.Equal(0.75, FalsePositiveRate.AtTruePositiveRate(positives, [0.5, 2.0, 2.5, 9.0]));
    }

    [Fact]
    public void Bad_scores_are_refused()
    {
        Assert.Contains("score 1 is NaN", Assert.Throws<DataException>(() => Auroc.Of([1.0, double.NaN], [true, false])).Message, StringComparison.Ordinal);
        Assert.Contains("no negative", Assert.Throws<DataException>(() => Auroc.Of([1.0, 2.0], [true, true])).Message, StringComparison.Ordinal);
        Assert.Contains("no positive", Assert.Throws<DataException>(() => AveragePrecision.Of(ReadOnlySpan<double>.Empty, [1.0])).Message, StringComparison.Ordinal);
        Assert.Contains("no positive", Assert.Throws<DataException>(() => FalsePositiveRate.AtTruePositiveRate([], ReadOnlySpan<bool>.Empty)).Message, StringComparison.Ordinal);
        Assert.Throws<DataException>(() => Auroc.Of([1.0], [true, false]));
        Assert.Throws<OptionsException>(() => FalsePositiveRate.AtTruePositiveRate([1.0], [0.0], 1.5));
    }

    [Fact]
    public void A_million_scores_take_well_under_a_second()
    {
        var random = new Random(1);
        double[] positives = [.. Enumerable.Range(0, 500_000).Select(_ => random.NextDouble() + 0.5)];
        double[] negatives = [.. Enumerable.Range(0, 500_000).Select(_ => random.NextDouble())];
        var clock = Stopwatch.StartNew();
        double area = Auroc.Of(positives, negatives);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 2); // 0.2 s on an idle machine
        Assert.Equal(0.875, area, 2); // P(U + 1/2 > V) = 7/8
    }
}
