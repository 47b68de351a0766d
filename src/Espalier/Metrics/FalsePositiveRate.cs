using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// The share of negatives called positive where the threshold is as high as it can be with a given share of the
/// positives found (FPR95 and the like). In [0, 1], lower is better. Costs one sort.
/// </summary>
public static class FalsePositiveRate
{
    /// <summary>The rate at the first threshold, from high to low, whose true-positive rate reaches a level.</summary>
    /// <param name="scores">Higher means more likely positive; infinities are allowed.</param>
    /// <param name="positives">Which scores belong to positives; as many as <paramref name="scores"/>.</param>
    /// <param name="level">The true-positive rate to reach, in (0, 1].</param>
    /// <exception cref="DataException">A NaN score, different lengths, or only one side.</exception>
    /// <exception cref="OptionsException">The level is out of range.</exception>
    public static double AtTruePositiveRate(ReadOnlySpan<double> scores, ReadOnlySpan<bool> positives, double level = 0.95)
        => AtTruePositiveRate(RankedScores.Of(scores, positives), level);

    /// <summary>The same, from the scores of each side.</summary>
    /// <param name="positiveScores">Scores of the positives, such as out-of-distribution samples.</param>
    /// <param name="negativeScores">Scores of the negatives.</param>
    /// <param name="level">The true-positive rate to reach, in (0, 1].</param>
    /// <exception cref="DataException">A NaN score, or an empty side.</exception>
    /// <exception cref="OptionsException">The level is out of range.</exception>
    public static double AtTruePositiveRate(ReadOnlySpan<double> positiveScores, ReadOnlySpan<double> negativeScores, double level = 0.95)
        => AtTruePositiveRate(RankedScores.Of(positiveScores, negativeScores), level);

    /// <summary>The same, from scores that are ranked already.</summary>
    /// <param name="ranked">The scores.</param>
    /// <param name="level">The true-positive rate to reach, in (0, 1].</param>
    /// <exception cref="OptionsException">The level is out of range.</exception>
    public static double AtTruePositiveRate(RankedScores ranked, double level = 0.95)
    {
        OptionsException.Require(level is > 0 and <= 1, nameof(level), level, "must be above 0 and at most 1");
        int i = 0;
        while ((double)ranked.TruePositives[i] / ranked.Positives < level)
            i++;
        return (double)ranked.FalsePositives[i] / ranked.Negatives;
    }

    /// <summary>
    /// The rate as the code of Hendrycks et al. (2019) computes it, to compare with published numbers: at the threshold whose
    /// true-positive rate is <em>nearest</em> the level, which may be below it; of several the one with the largest rate.
    /// </summary>
    /// <param name="ranked">The scores.</param>
    /// <param name="level">The true-positive rate, in (0, 1].</param>
    /// <exception cref="OptionsException">The level is out of range.</exception>
    public static double NearestTruePositiveRate(RankedScores ranked, double level = 0.95)
    {
        OptionsException.Require(level is > 0 and <= 1, nameof(level), level, "must be above 0 and at most 1");

        // That code looks no further than the first threshold that finds all, and begins at that end; last comes one that finds none.
        int last = 0;
        while (ranked.TruePositives[last] < ranked.Positives)
            last++;
        (double distance, long alarms) = (double.PositiveInfinity, 0);
        for (int i = last; i >= 0; i--)
        {
            double away = Math.Abs(((double)ranked.TruePositives[i] / ranked.Positives) - level);
            if (away < distance)
                (distance, alarms) = (away, ranked.FalsePositives[i]);
        }

        return (double)alarms / ranked.Negatives;
    }
}
