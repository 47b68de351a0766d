using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// Area under the precision-recall curve as average precision: the sum of (R_i - R_{i-1}) P_i over the distinct
/// thresholds from high to low (steps, never trapezoids, which are too optimistic). In (0, 1]; chance is the share of
/// positives. Costs one sort.
/// </summary>
public static class AveragePrecision
{
    /// <summary>The area, from labelled scores.</summary>
    /// <param name="scores">Higher means more likely positive; infinities are allowed.</param>
    /// <param name="positives">Which scores belong to positives; as many as <paramref name="scores"/>.</param>
    /// <exception cref="DataException">A NaN score, different lengths, or only one side.</exception>
    public static double Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> positives) => Of(RankedScores.Of(scores, positives));

    /// <summary>The area, from the scores of each side.</summary>
    /// <param name="positiveScores">Scores of the positives, such as out-of-distribution samples.</param>
    /// <param name="negativeScores">Scores of the negatives.</param>
    /// <exception cref="DataException">A NaN score, or an empty side.</exception>
    public static double Of(ReadOnlySpan<double> positiveScores, ReadOnlySpan<double> negativeScores)
        => Of(RankedScores.Of(positiveScores, negativeScores));

    /// <summary>The area, from scores that are ranked already.</summary>
    /// <param name="ranked">The scores.</param>
    public static double Of(RankedScores ranked)
    {
        double sum = 0;
        long before = 0;
        for (int i = 0; i < ranked.TruePositives.Count; i++)
        {
            long hits = ranked.TruePositives[i];
            sum += (hits - before) * ((double)hits / (hits + ranked.FalsePositives[i]));
            before = hits;
        }

        return sum / ranked.Positives;
    }

    /// <summary>The area with the sides exchanged and the scores negated: how well the negatives are found (AUPR-In).</summary>
    /// <param name="ranked">The scores.</param>
    public static double OfNegatives(RankedScores ranked)
    {
        double sum = 0;
        long total = ranked.Positives + ranked.Negatives;
        for (int i = ranked.TruePositives.Count - 1; i >= 0; i--)
        {
            (long hits, long alarms) = i == 0 ? (0, 0) : (ranked.TruePositives[i - 1], ranked.FalsePositives[i - 1]);
            long found = ranked.Negatives - alarms;
            sum += (ranked.FalsePositives[i] - alarms) * ((double)found / (total - hits - alarms));
        }

        return sum / ranked.Negatives;
    }
}
