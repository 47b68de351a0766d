using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Drift;
using Espalier.Errors;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// Compares the scores of a stream with the calibration scores, window after window, by Kolmogorov-Smirnov and the population stability
/// index (<see cref="DriftMonitor"/>). Each window keeps the level for itself: of many windows of an unchanged stream a share α is called drift.
/// What shall keep a promise over the whole stream is an <see cref="AlarmMonitor"/>.
/// </summary>
public sealed class ScoreDrift
{
    private readonly DriftMonitor _monitor;
    private readonly double _below;
    private readonly double _above;

    /// <summary>Starts with an empty window.</summary>
    /// <param name="calibration">Scores of held-out ordinary inputs, at least ten.</param>
    /// <param name="windowRows">Rows that a test looks at, at least 2.</param>
    /// <param name="alpha">Level of the test of one window, in (0, 1).</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="DataException">There are fewer than ten calibration scores, or none is finite.</exception>
    public ScoreDrift(ConformalCalibration calibration, int windowRows, double alpha = 0.05)
    {
        OptionsException.Require(windowRows >= 2, nameof(windowRows), windowRows, "must be at least 2");
        double[] finite = [.. calibration.Scores.Where(double.IsFinite)];
        if (finite.Length == 0)
            throw new DataException("calibration scores", "are all infinite", "fit the detector again");
        WindowRows = windowRows;
        double width = Math.Max(1, finite[^1] - finite[0]);
        (_below, _above) = (finite[0] - width, finite[^1] + width);
        double[,] reference = new double[calibration.Count, 1];
        for (int i = 0; i < calibration.Count; i++)
            reference[i, 0] = Finite(calibration.Scores[i]);
        // Of one column the maximum mean discrepancy would say the same again.
        _monitor = new DriftMonitor(reference, ["score"], new() { Alpha = alpha, Permutations = 0 });
    }

    /// <summary>Rows that a test looks at.</summary>
    public int WindowRows { get; }

    /// <summary>The scores that wait for a full window.</summary>
    public IReadOnlyList<double> Waiting => _monitor.WaitingValues;

    /// <summary>Takes a score in.</summary>
    /// <param name="score">No NaN.</param>
    /// <returns>What the test of a window that has become full says, else null.</returns>
    /// <exception cref="DataException">The score is NaN.</exception>
    public FeatureDrift? Observe(double score) => _monitor.Observe([Finite(score)], WindowRows)?.Features[0];

    /// <summary>Lets scores of an earlier sitting wait; of more than a window the latest.</summary>
    internal void Restore(IReadOnlyList<double> waiting)
    {
        foreach (double score in waiting.TakeLast(WindowRows - 1))
            Observe(score);
    }

    // The tests go by order: an infinite score counts as one beyond all finite ones.
    private double Finite(double score) => double.IsPositiveInfinity(score) ? _above : double.IsNegativeInfinity(score) ? _below : score;
}
