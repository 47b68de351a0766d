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
        => At(RankedScores.Of(scores, positives), level);

    /// <summary>The same, from the scores of each side.</summary>
    /// <param name="positiveScores">Scores of the positives, such as out-of-distribution samples.</param>
    /// <param name="negativeScores">Scores of the negatives.</param>
    /// <param name="level">The true-positive rate to reach, in (0, 1].</param>
    /// <exception cref="DataException">A NaN score, or an empty side.</exception>
    /// <exception cref="OptionsException">The level is out of range.</exception>
    public static double AtTruePositiveRate(ReadOnlySpan<double> positiveScores, ReadOnlySpan<double> negativeScores, double level = 0.95)
        => At(RankedScores.Of(positiveScores, negativeScores), level);

    private static double At(RankedScores ranked, double level)
    {
        OptionsException.Require(level is > 0 and <= 1, nameof(level), level, "must be above 0 and at most 1");
        int i = 0;
        while ((double)ranked.TruePositives[i] / ranked.Positives < level)
            i++;
        return (double)ranked.FalsePositives[i] / ranked.Negatives;
    }
}
