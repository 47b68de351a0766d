namespace Espalier.Metrics;

/// <summary>
/// The least error of a threshold where both sides are equally frequent: min over thresholds of half the false-positive plus half
/// the false-negative rate (Liang et al. 2018). In [0, 0.5]; 0.5 is chance.
/// </summary>
public static class DetectionError
{
    /// <summary>The error.</summary>
    /// <param name="ranked">The scores.</param>
    public static double Of(RankedScores ranked)
    {
        // Nothing called positive: every positive is missed.
        double least = 0.5;
        for (int i = 0; i < ranked.TruePositives.Count; i++)
        {
            double missed = 1 - ((double)ranked.TruePositives[i] / ranked.Positives);
            least = Math.Min(least, 0.5 * (((double)ranked.FalsePositives[i] / ranked.Negatives) + missed));
        }

        return least;
    }
}
