using Espalier.Anomaly.Persistence;
using Espalier.Errors;

namespace Espalier.Anomaly.Decisions;

/// <summary>
/// What ordinary scores look like: the scores of held-out in-distribution inputs, and p-values of new scores by rank among them. If
/// a new input is exchangeable with the held-out ones, P(p ≤ α) ≤ α whatever the detector and the data.
/// </summary>
public sealed class ConformalCalibration
{
    private readonly double[] _sorted;

    /// <summary>Takes scores.</summary>
    /// <param name="inlierScores">Scores of held-out in-distribution inputs; not those that the detector was fitted on.</param>
    /// <exception cref="DataException">There is no score, or one is NaN.</exception>
    public ConformalCalibration(IReadOnlyList<double> inlierScores)
    {
        _sorted = DetectionThreshold.Sorted(inlierScores);
        Hash = DetectorArchive.HashOf(_sorted);
    }

    /// <summary>How many scores.</summary>
    public int Count => _sorted.Length;

    /// <summary>The scores, ascending.</summary>
    public IReadOnlyList<double> Scores => _sorted;

    /// <summary>Names these scores, as <see cref="DetectorArchive.CalibrationHash"/> does.</summary>
    public string Hash { get; }

    /// <summary>(1 + number of scores at or above) / (n + 1).</summary>
    /// <param name="score">A new input's score.</param>
    /// <exception cref="DataException">The score is NaN.</exception>
    public double PValue(double score) => (1.0 + Count - Below(Number(score))) / (Count + 1);

    /// <summary>
    /// (number of scores above + u · (number of equal ones + 1)) / (n + 1): uniform under exchangeability, ties or not, where u is.
    /// </summary>
    /// <param name="score">A new input's score.</param>
    /// <param name="u">A draw from [0, 1).</param>
    /// <exception cref="DataException">The score is NaN.</exception>
    /// <exception cref="OptionsException">The draw is out of its range.</exception>
    public double SmoothedPValue(double score, double u)
    {
        OptionsException.Require(u is >= 0 and < 1, nameof(u), u, "must lie in [0, 1)");
        int above = Count - AtOrBelow(Number(score));
        return (above + u * (Count - above - Below(score) + 1)) / (Count + 1);
    }

    /// <summary>Scores below a score.</summary>
    internal int Below(double score) => First(score, orEqual: true);

    /// <summary>Scores at or below a score.</summary>
    internal int AtOrBelow(double score) => First(score, orEqual: false);

    internal static double Number(double score) => !double.IsNaN(score) ? score : throw new DataException("score", "is NaN", "find the input that the detector answers with NaN");

    // The first position whose score is at least (or above) the given one.
    private int First(double score, bool orEqual)
    {
        (int low, int high) = (0, _sorted.Length);
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (orEqual ? _sorted[middle] < score : _sorted[middle] <= score)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
