namespace Espalier.Anomaly;

/// <summary>How well scores separate outliers, the positives, from inliers.</summary>
/// <param name="Auroc">Probability that an outlier scores above an inlier, in [0, 1]; 0.5 is chance.</param>
/// <param name="AveragePrecision">AUPR as average precision, in (0, 1]; the share of outliers is chance.</param>
/// <param name="FalsePositiveRate">Share of inliers called outliers where the recall level of outliers is reached (FPR95); lower is better.</param>
public sealed record DetectionMetrics(double Auroc, double AveragePrecision, double FalsePositiveRate)
{
    /// <summary>The metrics of scores; higher scores mean more anomalous.</summary>
    /// <param name="inlierScores">Scores of in-distribution inputs.</param>
    /// <param name="outlierScores">Scores of outliers.</param>
    /// <param name="recallLevel">Share of outliers to be found for the false-positive rate, in (0, 1].</param>
    /// <exception cref="DataException">A side is empty, or a score is NaN.</exception>
    /// <exception cref="OptionsException">The level is out of its range.</exception>
    public static DetectionMetrics Of(ReadOnlySpan<double> inlierScores, ReadOnlySpan<double> outlierScores, double recallLevel = 0.95) => new(
        Metrics.Auroc.Of(outlierScores, inlierScores),
        Metrics.AveragePrecision.Of(outlierScores, inlierScores),
        Metrics.FalsePositiveRate.AtTruePositiveRate(outlierScores, inlierScores, recallLevel));
}
