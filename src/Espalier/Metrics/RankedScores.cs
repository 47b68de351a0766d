using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// Scores of two sides, sorted from high to low with ties collapsed to one threshold: what every ranking metric is
/// computed from, so that several of them cost one sort. At <c>Thresholds[i]</c>, everything scored that high or higher is
/// called positive.
/// </summary>
public sealed class RankedScores
{
    private RankedScores(double[] thresholds, long[] truePositives, long[] falsePositives)
        => (Thresholds, TruePositives, FalsePositives) = (thresholds, truePositives, falsePositives);

    /// <summary>The distinct scores, from high to low.</summary>
    public IReadOnlyList<double> Thresholds { get; }

    /// <summary>Positives at or above each threshold; the last entry is their number.</summary>
    public IReadOnlyList<long> TruePositives { get; }

    /// <summary>Negatives at or above each threshold; the last entry is their number.</summary>
    public IReadOnlyList<long> FalsePositives { get; }

    /// <summary>Number of positives.</summary>
    public long Positives => TruePositives[^1];

    /// <summary>Number of negatives.</summary>
    public long Negatives => FalsePositives[^1];

    /// <summary>Ranks labelled scores.</summary>
    /// <param name="scores">Higher means more likely positive; infinities are allowed.</param>
    /// <param name="positives">Which scores belong to positives; as many as <paramref name="scores"/>.</param>
    /// <exception cref="DataException">A NaN score, different lengths, or only one side.</exception>
    public static RankedScores Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> positives)
    {
        if (scores.Length != positives.Length)
            throw new DataException("scores", $"there are {scores.Length} scores but {positives.Length} labels", "give one label per score");
        return Rank(scores.ToArray(), positives.ToArray());
    }

    /// <summary>Ranks the scores of each side.</summary>
    /// <param name="positiveScores">Scores of the positives, such as out-of-distribution samples.</param>
    /// <param name="negativeScores">Scores of the negatives.</param>
    /// <exception cref="DataException">A NaN score, or an empty side.</exception>
    public static RankedScores Of(ReadOnlySpan<double> positiveScores, ReadOnlySpan<double> negativeScores)
    {
        bool[] sides = new bool[positiveScores.Length + negativeScores.Length];
        sides.AsSpan(0, positiveScores.Length).Fill(true);
        return Rank([.. positiveScores, .. negativeScores], sides);
    }

    private static RankedScores Rank(double[] scores, bool[] sides)
    {
        int bad = Array.FindIndex(scores, double.IsNaN);
        if (bad >= 0)
            throw new DataException("scores", $"score {bad} is NaN", "find the input that the model answers with NaN; it is never dropped silently");
        Array.Sort(scores, sides);

        double[] thresholds = new double[scores.Length];
        long[] truePositives = new long[scores.Length];
        long[] falsePositives = new long[scores.Length];
        (long hits, long alarms) = (0, 0);
        int count = 0;
        for (int i = scores.Length - 1; i >= 0; i--)
        {
            if (sides[i])
                hits++;
            else
                alarms++;
            if (i > 0 && scores[i - 1] == scores[i])
                continue;
            (thresholds[count], truePositives[count], falsePositives[count]) = (scores[i], hits, alarms);
            count++;
        }

        if (hits == 0 || alarms == 0)
            throw new DataException("scores", hits == 0 ? "there is no positive sample" : "there is no negative sample", "a ranking metric needs samples of both sides");
        return new RankedScores(thresholds[..count], truePositives[..count], falsePositives[..count]);
    }
}
