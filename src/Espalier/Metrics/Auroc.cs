using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// Area under the receiver operating characteristic: the probability that a positive scores above a negative, ties
/// counting half (Mann-Whitney U with mid-ranks). In [0, 1]; 0.5 is chance. Costs one sort.
/// </summary>
public static class Auroc
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
        // Twice the area in units of one pair is a whole number: the sum is exact.
        UInt128 twice = 0;
        (long hits, long alarms) = (0, 0);
        for (int i = 0; i < ranked.TruePositives.Count; i++)
        {
            twice += (UInt128)(ranked.FalsePositives[i] - alarms) * (UInt128)(ranked.TruePositives[i] + hits);
            (hits, alarms) = (ranked.TruePositives[i], ranked.FalsePositives[i]);
        }

        return (double)twice / (2.0 * ranked.Positives * ranked.Negatives);
    }
}
