using System.Diagnostics;
using Espalier.Anomaly.Evaluation;
using Espalier.Errors;
using Espalier.Metrics;
using Espalier.Tests.Anomaly;

namespace Espalier.Tests.Metrics;

/// <summary>Constants from scikit-learn 1.2, scipy 1.10 and the code of Hendrycks et al. on the same pseudo-random numbers.</summary>
public sealed class DetectionMetricTests
{
    private static double[] Random(int count, long seed)
    {
        using Tensor values = ReferenceOutputs.Random(count, seed);
        return values.data<double>().ToArray();
    }

    private static RankedScores Quarters() => RankedScores.Of(
        [.. Random(40, 5).Select(v => (Math.Floor(v * 12) / 4) + 0.5)],
        [.. Random(70, 6).Select(v => Math.Floor(v * 12) / 4)]);

    private static (double[] Confidences, bool[] Correct) Predictions()
    {
        double[] confidences = Random(1230, 7);
        return (confidences, [.. Random(1230, 8).Zip(confidences, (v, c) => v < c * c)]);
    }

    [Fact]
    public void Both_sides_are_ranked_by_one_sort()
    {
        RankedScores ranked = Quarters();
        Assert.Equal(0.7042857142857143, Auroc.Of(ranked), 1e-14);
        Assert.Equal(0.6009012109943517, AveragePrecision.Of(ranked), 1e-14);
        Assert.Equal(0.807721525069718, AveragePrecision.OfNegatives(ranked), 1e-14);
        Assert.Equal(0.3392857142857143, DetectionError.Of(ranked), 1e-14);
        Assert.Equal(ranked.Thresholds.OrderDescending().Distinct(), ranked.Thresholds);
    }

    [Theory]
    [InlineData(0.95, 0.7571428571428571)]
    [InlineData(0.9, 0.7571428571428571)]
    [InlineData(0.8, 0.5714285714285714)]
    [InlineData(0.5, 0.3)]
    public void The_rate_of_the_authors_code_is_at_the_nearest_recall(double level, double rate) =>
        Assert.Equal(rate, FalsePositiveRate.NearestTruePositiveRate(Quarters(), level), 1e-14);

    [Fact]
    public void On_a_plateau_the_authors_rate_is_the_largest()
    {
        // Both thresholds 2 and 1 find one of two; the authors take the one with more alarms, the first reaches with fewer.
        RankedScores ranked = RankedScores.Of([3.0, 0], [2.0, 1]);
        Assert.Equal(1, FalsePositiveRate.NearestTruePositiveRate(ranked, 0.5));
        Assert.Equal(0, FalsePositiveRate.AtTruePositiveRate(ranked, 0.5));
        Assert.Throws<OptionsException>(() => FalsePositiveRate.NearestTruePositiveRate(ranked, 0));
    }

    [Fact]
    public void Scores_that_say_nothing_err_half_the_time()
    {
        RankedScores flat = RankedScores.Of([1.0, 1], [1.0, 1, 1]);
        Assert.Equal(0.5, DetectionError.Of(flat));
        Assert.Equal(0.6, AveragePrecision.OfNegatives(flat), 1e-14);
        Assert.Equal(0, DetectionError.Of(RankedScores.Of([2.0], [1.0])));
        Assert.Equal(0.5, DetectionError.Of(RankedScores.Of([1.0], [2.0])));
        Assert.Throws<DataException>(() => DetectionMetrics.Of([1.0], []));
    }

    [Fact]
    public void Calibration_over_bins_of_a_hundred()
    {
        (double[] confidences, bool[] correct) = Predictions();
        Assert.Equal(0.18549220289274684, CalibrationError.RootMeanSquare(confidences, correct), 1e-14);
        Assert.Equal(0.1851785031940799, CalibrationError.RootMeanSquare(confidences, correct, compat: true), 1e-14);
        Assert.Equal(0.16834192379392926, CalibrationError.MeanAbsolute(confidences, correct), 1e-14);
        Assert.Equal(0.1648362596727514, CalibrationError.MeanAbsolute(confidences, correct, compat: true), 1e-14);
        Assert.Equal(0.3006123185437173, CalibrationError.MaximumOfEqualCounts(confidences, correct), 1e-14);
        Assert.Equal(0, CalibrationError.MaximumOfEqualCounts([0.5, 0.5], [true, false], compat: true));      // one bin, left out
        Assert.Equal(0, CalibrationError.RootMeanSquare([0.5, 0.5], [true, false]));
    }

    [Fact]
    public void Mistakes_found_by_doubt()
    {
        (double[] confidences, bool[] correct) = Predictions();
        Assert.Equal(0.7071965671313979, SoftF1.Of(confidences, correct), 1e-14);
        Assert.Equal(1, SoftF1.Of([0, 1], [false, true]));
        Assert.Equal(0, SoftF1.Of([1, 1], [true, true]));
        Assert.Throws<DataException>(() => SoftF1.Of([1.5], [true]));
    }

    [Fact]
    public void Accuracy_over_the_share_of_answers()
    {
        (double[] confidences, bool[] correct) = Predictions();
        Assert.Equal(0.61096251680179, SelectiveAccuracy.ResponseRateAccuracy(confidences, correct), 1e-13);
        Assert.Equal(1 - 0.61096251680179, SelectiveAccuracy.RiskCoverage(confidences, correct), 1e-13);

        // Right, wrong in one group: 1/2 and 1/2, in whatever order they come.
        Assert.Equal(0.5, SelectiveAccuracy.ResponseRateAccuracy([1.0, 1], [true, false]));
        Assert.Equal(0.5, SelectiveAccuracy.ResponseRateAccuracy([1.0, 1], [false, true]));
        Assert.Equal((1 + 0.5) / 2, SelectiveAccuracy.ResponseRateAccuracy([2.0, 1], [true, false]));
        Assert.Throws<DataException>(() => SelectiveAccuracy.RiskCoverage([double.NaN], [true]));
        Assert.Throws<DataException>(() => SelectiveAccuracy.RiskCoverage([], []));
    }

    [Fact]
    public void The_temperature_is_the_likeliest()
    {
        using var scope = torch.NewDisposeScope();
        Tensor logits = (ReferenceOutputs.Random(1200, 9).view(300, 4) - 0.5) * 6;
        long[] labels = [.. Random(300, 10).Select(v => (long)(v * 4))];
        long[] predicted = logits.argmax(1).data<long>().ToArray();
        for (int i = 0; i < 300; i += 2)
            labels[i] = predicted[i];
        TemperatureScaler scaler = TemperatureScaler.Fit(logits, torch.tensor(labels));
        Assert.Equal(2.2399844992642564, scaler.Temperature, 1e-6);
        Assert.Equal(1.1980737809006572, LogLoss.Of(scaler.Probabilities(logits), torch.tensor(labels)), 1e-12);

        // Logits three times as large want three times the temperature; what is always right wants the least, always wrong the greatest.
        Assert.Equal(3 * scaler.Temperature, TemperatureScaler.Fit(logits * 3, torch.tensor(labels)).Temperature, 1e-8);
        Assert.Equal(0.05, TemperatureScaler.Fit(logits, logits.argmax(1)).Temperature);
        Assert.Equal(20, TemperatureScaler.Fit(logits, logits.argmin(1)).Temperature);
        Assert.Throws<DataException>(() => TemperatureScaler.Fit(logits, torch.full(300, 4, dtype: torch.int64)));
    }

    [Fact]
    public void A_uniform_guess_deserves_no_confidence()
    {
        double[] rescaled = TemperatureScaler.Rescale([0.25, 0.625, 1], 4);
        Assert.Equal([0, 0.5, 1], rescaled);
        Assert.Throws<OptionsException>(() => TemperatureScaler.Rescale([1], 1));
    }

    // Beside one sort of the same scores rather than a clock's limit: a busy machine slows both.
    [Fact]
    public void All_metrics_of_a_million_scores_cost_about_one_sort()
    {
        var random = new Random(3);
        double[] inliers = [.. Enumerable.Range(0, 800_000).Select(_ => random.NextDouble())];
        double[] outliers = [.. Enumerable.Range(0, 200_000).Select(_ => random.NextDouble() + 0.3)];
        (double metrics, double sort) = (double.PositiveInfinity, double.PositiveInfinity);
        for (int i = 0; i < 5; i++)
        {
            long start = Stopwatch.GetTimestamp();
            DetectionMetrics.Of(inliers, outliers);
            metrics = Math.Min(metrics, Stopwatch.GetElapsedTime(start).TotalSeconds);
            double[] scores = [.. outliers, .. inliers];
            bool[] sides = new bool[scores.Length];
            start = Stopwatch.GetTimestamp();
            Array.Sort(scores, sides);
            sort = Math.Min(sort, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        Assert.InRange(metrics / sort, 0, 2);
    }
}
