using Espalier.Anomaly.Statistics;
using Espalier.Errors;

namespace Espalier.Anomaly.Decisions;

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

    /// <summary>
    /// A threshold whose rate of false alarms is at most alpha for the calibration scores at hand, with probability 1 − delta over
    /// their draw; <see cref="Conformal"/> promises it on average over draws only. The k-th smallest score, k the least with
    /// P(Beta(n+1−k, k) > alpha) ≤ delta: the rate of a threshold at rank k has that distribution (Vovk 2012).
    /// </summary>
    /// <param name="inlierScores">Scores of held-out in-distribution inputs.</param>
    /// <param name="alpha">The rate of false alarms, in (0, 1).</param>
    /// <param name="delta">The probability of having drawn scores that break the promise, in (0, 1).</param>
    /// <exception cref="DataException">There are too few scores for that promise, or one is NaN.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public static DetectionThreshold ConformalPac(IReadOnlyList<double> inlierScores, double alpha = 0.05, double delta = 0.05)
    {
        OptionsException.Require(alpha is > 0 and < 1, nameof(alpha), alpha, "must be above 0 and below 1");
        OptionsException.Require(delta is > 0 and < 1, nameof(delta), delta, "must be above 0 and below 1");
        double[] sorted = Sorted(inlierScores);
        int n = sorted.Length;
        if (Exceeds(n, n) > delta)
        {
            double needed = Math.Ceiling(Math.Log(delta) / Math.Log(1 - alpha) - 1e-9);
            throw new DataException("inlier scores", $"{n} are too few for a false-alarm rate of {alpha} with confidence {1 - delta}", $"give at least {needed}, or allow more false alarms");
        }

        // The tail falls with the rank.
        (int low, int high) = (1, n);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Exceeds(middle, n) <= delta)
                high = middle;
            else
                low = middle + 1;
        }

        return new(sorted[low - 1]);

        double Exceeds(int rank, int count) => 1 - SpecialFunctions.LowerBeta(count + 1 - rank, rank, alpha);
    }

    /// <summary>The threshold of least expected cost, at one of the given scores or above all of them.</summary>
    /// <param name="inlierScores">Scores of held-out in-distribution inputs.</param>
    /// <param name="outlierScores">Scores of outliers to choose by; never those that results are reported on.</param>
    /// <param name="falseAlarmCost">Cost of an alarm on an inlier, above 0.</param>
    /// <param name="missCost">Cost of an outlier that is let through, above 0.</param>
    /// <param name="outlierShare">Share of outliers expected in use, in (0, 1).</param>
    /// <exception cref="DataException">A side is empty, or a score is NaN.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public static DetectionThreshold ByCost(IReadOnlyList<double> inlierScores, IReadOnlyList<double> outlierScores, double falseAlarmCost, double missCost, double outlierShare)
    {
        OptionsException.Require(falseAlarmCost > 0 && double.IsFinite(falseAlarmCost), nameof(falseAlarmCost), falseAlarmCost, "must be above 0");
        OptionsException.Require(missCost > 0 && double.IsFinite(missCost), nameof(missCost), missCost, "must be above 0");
        OptionsException.Require(outlierShare is > 0 and < 1, nameof(outlierShare), outlierShare, "must be above 0 and below 1");
        double[] inliers = Sorted(inlierScores);
        double[] outliers = Sorted(outlierScores, "outlier scores");

        // Below all scores everything is an alarm; from there the costs change at the scores only.
        double best = double.NegativeInfinity;
        double least = falseAlarmCost * (1 - outlierShare);
        (int passedInliers, int passedOutliers) = (0, 0);
        foreach (double candidate in inliers.Concat(outliers).Distinct().Order())
        {
            while (passedInliers < inliers.Length && inliers[passedInliers] <= candidate)
                passedInliers++;
            while (passedOutliers < outliers.Length && outliers[passedOutliers] <= candidate)
                passedOutliers++;
            double cost = falseAlarmCost * (1 - outlierShare) * (inliers.Length - passedInliers) / inliers.Length + missCost * outlierShare * passedOutliers / outliers.Length;
            if (cost < least)
                (best, least) = (candidate, cost);
        }

        return new(best);
    }

    /// <summary>
    /// The threshold that leaves a share of the scored rows above it, for users who know how many outliers their table holds: the
    /// (1 − share) quantile with linear interpolation, as PyOD's <c>contamination</c>. It promises nothing about new rows.
    /// </summary>
    /// <param name="scores">Scores of a table with outliers in it.</param>
    /// <param name="contamination">The share of outliers, above 0 and at most 0.5.</param>
    /// <exception cref="DataException">There is no score, or one is NaN.</exception>
    /// <exception cref="OptionsException">The share is out of its range.</exception>
    public static DetectionThreshold ContaminationQuantile(IReadOnlyList<double> scores, double contamination = 0.1)
    {
        OptionsException.Require(contamination is > 0 and <= 0.5, nameof(contamination), contamination, "must be above 0 and at most 0.5");
        double[] sorted = Sorted(scores);
        double position = (1 - contamination) * (sorted.Length - 1);
        int below = (int)position;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return new(sorted[below] + (position - below) * (above - sorted[below]));
    }

    /// <summary>Whether a score is above the threshold.</summary>
    /// <param name="score">A detector's score.</param>
    public bool IsAnomalous(double score) => score > Value;

    // 0.95 * 100 is 95.00000000000001 in binary: a whole number is meant.
    private static int RankOf(double position) => Math.Max(1, (int)Math.Ceiling(position - 1e-9));

    internal static double[] Sorted(IReadOnlyList<double> scores, string what = "inlier scores")
    {
        if (scores.Count == 0)
            throw new DataException(what, "are empty", "give at least one score");
        if (scores.Any(double.IsNaN))
            throw new DataException(what, "hold a NaN", "find the input that the model answers with NaN");
        return [.. scores.Order()];
    }
}
