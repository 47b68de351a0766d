namespace Espalier.Anomaly;

/// <summary>
/// From a score to a decision: an input is called anomalous where its score exceeds <paramref name="Value"/>. Chosen on
/// scores of held-out in-distribution inputs, neither of training inputs (optimistic) nor of outliers (unknown in use).
/// </summary>
/// <param name="Value">The threshold.</param>
public sealed record DetectionThreshold(double Value)
{
    /// <summary>The least threshold that leaves a share of the given inliers alone.</summary>
    /// <param name="inlierScores">Scores of held-out in-distribution inputs.</param>
    /// <param name="retention">The share, in (0, 1].</param>
    /// <exception cref="DataException">There is no score, or one is NaN.</exception>
    /// <exception cref="OptionsException">The share is out of its range.</exception>
    public static DetectionThreshold AtRetention(IReadOnlyList<double> inlierScores, double retention = 0.95)
    {
        OptionsException.Require(retention is > 0 and <= 1, nameof(retention), retention, "must be above 0 and at most 1");
        double[] sorted = Sorted(inlierScores);
        return new(sorted[RankOf(retention * sorted.Length) - 1]);
    }

    /// <summary>
    /// A threshold with a guarantee: a new in-distribution input, exchangeable with the given ones, is called anomalous
    /// with probability at most alpha (split conformal prediction: the ceil((n+1)(1-alpha))-th smallest score).
    /// </summary>
    /// <param name="inlierScores">Scores of held-out in-distribution inputs.</param>
    /// <param name="alpha">The rate of false alarms, in (0, 1).</param>
    /// <exception cref="DataException">There are too few scores for that rate, or one is NaN.</exception>
    /// <exception cref="OptionsException">The rate is out of its range.</exception>
    public static DetectionThreshold Conformal(IReadOnlyList<double> inlierScores, double alpha = 0.05)
    {
        OptionsException.Require(alpha is > 0 and < 1, nameof(alpha), alpha, "must be above 0 and below 1");
        double[] sorted = Sorted(inlierScores);
        int rank = RankOf((sorted.Length + 1) * (1 - alpha));
        if (rank > sorted.Length)
            throw new DataException("inlier scores", $"{sorted.Length} are too few for a false-alarm rate of {alpha}", $"give at least {Math.Ceiling(1 / alpha - 1 - 1e-9)}, or allow more false alarms");
        return new(sorted[rank - 1]);
    }

    /// <summary>Whether a score is above the threshold.</summary>
    /// <param name="score">A detector's score.</param>
    public bool IsAnomalous(double score) => score > Value;

    // 0.95 * 100 is 95.00000000000001 in binary: a whole number is meant.
    private static int RankOf(double position) => Math.Max(1, (int)Math.Ceiling(position - 1e-9));

    private static double[] Sorted(IReadOnlyList<double> scores)
    {
        if (scores.Count == 0)
            throw new DataException("inlier scores", "are empty", "give scores of held-out in-distribution inputs");
        if (scores.Any(double.IsNaN))
            throw new DataException("inlier scores", "hold a NaN", "find the input that the model answers with NaN");
        return [.. scores.Order()];
    }
}
