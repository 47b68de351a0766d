namespace Espalier.Anomaly.Evaluation;

/// <summary>What a <see cref="DetectionProtocol"/> measured.</summary>
/// <param name="Mean">Mean over the draws.</param>
/// <param name="Deviation">Population standard deviation over the draws; zero for one draw.</param>
/// <param name="InlierScores">All scores of in-distribution inputs; higher means more anomalous.</param>
/// <param name="OutlierScores">All scores of outliers.</param>
/// <param name="OutliersPerDraw">Outliers in each draw.</param>
/// <param name="Draws">Number of draws; 1 where every outlier was used at once.</param>
public sealed record DetectionResult(DetectionMetrics Mean, DetectionMetrics Deviation, IReadOnlyList<double> InlierScores,
    IReadOnlyList<double> OutlierScores, int OutliersPerDraw, int Draws)
{
    /// <summary>Mean area under the receiver operating characteristic, outliers positive.</summary>
    public double Auroc => Mean.Auroc;

    /// <summary>Mean average precision, outliers positive; depends on <see cref="BaseRate"/>.</summary>
    public double AveragePrecision => Mean.AveragePrecision;

    /// <summary>Mean false-positive rate at the recall level (FPR95).</summary>
    public double FalsePositiveRate => Mean.FalsePositiveRate;

    /// <summary>Share of outliers in a draw.</summary>
    public double BaseRate => OutliersPerDraw / (double)(OutliersPerDraw + InlierScores.Count);
}
