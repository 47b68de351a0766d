using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Evaluation;
using Espalier.Errors;

namespace Espalier.Tests.Anomaly;

public sealed class DetectionProtocolTests
{
    [Fact]
    public void Outliers_are_the_positives()
    {
        // Ranked 5o 4i 3o 2i 1i: AUROC 5/6, precision 1/1 and 2/3 at the two outliers, one of three inliers above the last.
        DetectionResult result = new DetectionProtocol(new() { OutliersPerInlier = 1 }).Measure([1, 2, 4], [3, 5]);
        Assert.Equal(5 / 6.0, result.Auroc, 1e-12);
        Assert.Equal((1 + 2 / 3.0) / 2, result.AveragePrecision, 1e-12);
        Assert.Equal(1 / 3.0, result.FalsePositiveRate, 1e-12);
        Assert.Equal(1, result.Draws);
        Assert.Equal(0.4, result.BaseRate, 1e-12);
    }

    [Fact]
    public void Ten_draws_of_a_fifth_are_averaged()
    {
        var random = new Random(1);
        double[] inliers = [.. Enumerable.Range(0, 500).Select(_ => random.NextDouble())];
        double[] outliers = [.. Enumerable.Range(0, 5000).Select(_ => random.NextDouble() + 0.5)];
        DetectionResult result = new DetectionProtocol().Measure(inliers, outliers);
        Assert.Equal(100, result.OutliersPerDraw);
        Assert.Equal(10, result.Draws);
        Assert.Equal(1 / 6.0, result.BaseRate, 1e-12);
        Assert.Equal(7 / 8.0, result.Auroc, 0.02);     // P(U + 1/2 > U') = 7/8
        Assert.InRange(result.Deviation.Auroc, 0.001, 0.05);
        Assert.Equal(result.Mean, new DetectionProtocol().Measure(inliers, outliers).Mean);
        Assert.NotEqual(result.Mean, new DetectionProtocol(new() { Seed = 1 }).Measure(inliers, outliers).Mean);
    }

    [Fact]
    public void Scores_that_say_nothing_are_worth_nothing()
    {
        DetectionResult result = new DetectionProtocol().Measure(Enumerable.Repeat(1.0, 50).ToArray(), Enumerable.Repeat(1.0, 50).ToArray());
        Assert.Equal(0.5, result.Auroc, 1e-12);
        Assert.Equal(result.BaseRate, result.AveragePrecision, 1e-12);
        Assert.Throws<DataException>(() => new DetectionProtocol().Measure([1.0], []));
        Assert.Throws<OptionsException>(() => new DetectionProtocol(new() { Draws = 0 }));
    }

    [Fact]
    public void A_threshold_leaves_the_wanted_share_alone()
    {
        double[] scores = [.. Enumerable.Range(1, 100).Select(i => (double)i).Reverse()];
        DetectionThreshold threshold = DetectionThreshold.AtRetention(scores, 0.95);
        Assert.Equal(95, threshold.Value);
        Assert.Equal(5, scores.Count(threshold.IsAnomalous));
        Assert.Equal(96, DetectionThreshold.Conformal(scores, 0.05).Value);     // the ceil(101 * 0.95) = 96th
        Assert.Contains("at least 99", Assert.Throws<DataException>(() => DetectionThreshold.Conformal([.. scores.Take(98)], 0.01)).Message);
        Assert.Equal(99, DetectionThreshold.Conformal([.. scores.Order().Take(99)], 0.01).Value);
        Assert.Throws<OptionsException>(() => DetectionThreshold.AtRetention(scores, 0));
        Assert.Throws<DataException>(() => DetectionThreshold.AtRetention([]));
    }

    [Fact]
    public void The_conformal_guarantee_holds()
    {
        // Averaged over calibration sets, the false-alarm rate is 10/200 exactly for n = 199, alpha = 0.05.
        var random = new Random(5);
        double mean = Enumerable.Range(0, 400).Average(_ =>
            1 - DetectionThreshold.Conformal([.. Enumerable.Range(0, 199).Select(_ => random.NextDouble())]).Value);
        Assert.Equal(0.05, mean, 0.003);
    }
}
