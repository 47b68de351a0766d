using Espalier.Anomaly.Detectors;
using Espalier.Errors;

namespace Espalier.Anomaly.Evaluation;

/// <summary>
/// Measures a detector as Hendrycks et al. 2019 (appendix) do: all inliers against floor(n/5) outliers, outliers
/// positive, averaged over ten random draws of outliers.
/// </summary>
public sealed class DetectionProtocol
{
    private readonly DetectionProtocolOptions _options;

    /// <summary>Creates the protocol.</summary>
    /// <param name="options">Base rate and draws; the paper's where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public DetectionProtocol(DetectionProtocolOptions? options = null)
    {
        _options = options ?? new();
        _options.Validate();
    }

    /// <summary>Scores inputs and measures.</summary>
    /// <param name="detector">The detector.</param>
    /// <param name="inliers">[n, ...], in-distribution inputs that the model was not trained on.</param>
    /// <param name="outliers">[m, ...].</param>
    /// <exception cref="DataException">A side is empty, or a score is NaN.</exception>
    public DetectionResult Measure(IAnomalyDetector detector, Tensor inliers, Tensor outliers)
    {
        using var scope = torch.NewDisposeScope();
        return Measure(Values(detector.Score(inliers)), Values(detector.Score(outliers)));
    }

    /// <summary>Measures scores.</summary>
    /// <param name="inlierScores">Scores of in-distribution inputs; higher means more anomalous.</param>
    /// <param name="outlierScores">Scores of outliers.</param>
    /// <exception cref="DataException">A side is empty, or a score is NaN.</exception>
    public DetectionResult Measure(IReadOnlyList<double> inlierScores, IReadOnlyList<double> outlierScores)
    {
        double[] inliers = [.. inlierScores];
        var metrics = new List<DetectionMetrics>();
        int perDraw = 0;
        foreach (ReadOnlyMemory<double> draw in Draws(inliers.Length, outlierScores))
        {
            metrics.Add(DetectionMetrics.Of(inliers, draw.Span, _options.RecallLevel, _options.Compat));
            perDraw = draw.Length;
        }

        return new DetectionResult(DetectionMetrics.Each(metrics, values => values.Average()), DetectionMetrics.Each(metrics, Deviation), [.. inlierScores], [.. outlierScores], perDraw, metrics.Count);
    }

    /// <summary>The protocol's draws of outliers; a single one where all are taken. Each is valid until the next.</summary>
    /// <param name="inliers">Number of inliers.</param>
    /// <param name="outliers">What is drawn from.</param>
    internal IEnumerable<ReadOnlyMemory<double>> Draws(int inliers, IReadOnlyList<double> outliers)
    {
        double[] order = [.. outliers];
        int perDraw = Math.Min(Math.Max(1, (int)(inliers * _options.OutliersPerInlier)), order.Length);
        int draws = perDraw == order.Length ? 1 : _options.Draws;
        var random = new Random(_options.Seed);
        for (int draw = 0; draw < draws; draw++)
        {
            if (draws > 1)
                random.Shuffle(order);
            yield return order.AsMemory(0, perDraw);
        }
    }

    private static double Deviation(IEnumerable<double> values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
    }

    private static double[] Values(Tensor scores) => scores.cpu().to(torch.float64).data<double>().ToArray();
}
