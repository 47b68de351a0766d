using Espalier.Errors;
using Espalier.Metrics;

namespace Espalier.Anomaly.Evaluation;

/// <summary>How well scores separate outliers, the positives, from inliers.</summary>
/// <param name="Auroc">Probability that an outlier scores above an inlier, in [0, 1]; 0.5 is chance.</param>
/// <param name="AveragePrecision">AUPR as average precision, in (0, 1]; the share of outliers is chance.</param>
/// <param name="FalsePositiveRate">Share of inliers called outliers where the recall level of outliers is reached (FPR95); lower is better.</param>
/// <param name="InlierAveragePrecision">AUPR with inliers as the positives (AUPR-In); the share of inliers is chance.</param>
/// <param name="DetectionError">The least mean of false-positive and false-negative rate over all thresholds; 0.5 is chance.</param>
public sealed record DetectionMetrics(double Auroc, double AveragePrecision, double FalsePositiveRate, double InlierAveragePrecision, double DetectionError)
{
    /// <summary>The metrics of scores; higher scores mean more anomalous. Costs one sort.</summary>
    /// <param name="inlierScores">Scores of in-distribution inputs.</param>
    /// <param name="outlierScores">Scores of outliers.</param>
    /// <param name="recallLevel">Share of outliers to be found for the false-positive rate, in (0, 1].</param>
    /// <param name="compat">Whether the false-positive rate is computed as in the code of Hendrycks et al. 2019: see <see cref="Metrics.FalsePositiveRate.NearestTruePositiveRate"/>.</param>
    /// <exception cref="DataException">A side is empty, or a score is NaN.</exception>
    /// <exception cref="OptionsException">The level is out of its range.</exception>
    public static DetectionMetrics Of(ReadOnlySpan<double> inlierScores, ReadOnlySpan<double> outlierScores, double recallLevel = 0.95, bool compat = false)
    {
        RankedScores ranked = RankedScores.Of(outlierScores, inlierScores);
        return new DetectionMetrics(
            Metrics.Auroc.Of(ranked),
            Metrics.AveragePrecision.Of(ranked),
            compat ? Metrics.FalsePositiveRate.NearestTruePositiveRate(ranked, recallLevel) : Metrics.FalsePositiveRate.AtTruePositiveRate(ranked, recallLevel),
            Metrics.AveragePrecision.OfNegatives(ranked),
            Metrics.DetectionError.Of(ranked));
    }

    /// <summary>A statistic of each metric.</summary>
    /// <param name="metrics">Several of them.</param>
    /// <param name="statistic">Such as the mean.</param>
    internal static DetectionMetrics Each(IReadOnlyCollection<DetectionMetrics> metrics, Func<IEnumerable<double>, double> statistic) => new(
        statistic(metrics.Select(m => m.Auroc)),
        statistic(metrics.Select(m => m.AveragePrecision)),
        statistic(metrics.Select(m => m.FalsePositiveRate)),
        statistic(metrics.Select(m => m.InlierAveragePrecision)),
        statistic(metrics.Select(m => m.DetectionError)));
}
