namespace Espalier.Metrics;

/// <summary>
/// Scores of two sides, sorted from high to low with ties collapsed to one threshold: what every ranking metric is
/// computed from. At <c>Thresholds[i]</c>, everything scored that high or higher is called positive.
/// </summary>
internal sealed class RankedScores
{
    private RankedScores(List<long> truePositives, List<long> falsePositives)
        => (TruePositives, FalsePositives) = (truePositives, falsePositives);

    /// <summary>Positives at or above each threshold; the last entry is their number.</summary>
    public IReadOnlyList<long> TruePositives { get; }

    /// <summary>Negatives at or above each threshold; the last entry is their number.</summary>
    public IReadOnlyList<long> FalsePositives { get; }

    public long Positives => TruePositives[^1];

    public long Negatives => FalsePositives[^1];

    public static RankedScores Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> positives)
    {
        if (scores.Length != positives.Length)
            throw new DataException("scores", $"there are {scores.Length} scores but {positives.Length} labels", "give one label per score");
        return Rank(scores.ToArray(), positives.ToArray());
    }

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

        var truePositives = new List<long>();
        var falsePositives = new List<long>();
        (long hits, long alarms) = (0, 0);
        for (int i = scores.Length - 1; i >= 0; i--)
        {
            if (sides[i])
                hits++;
            else
                alarms++;
            if (i > 0 && scores[i - 1] == scores[i])
                continue;
            truePositives.Add(hits);
            falsePositives.Add(alarms);
        }

        if (hits == 0 || alarms == 0)
            throw new DataException("scores", hits == 0 ? "there is no positive sample" : "there is no negative sample", "a ranking metric needs samples of both sides");
        return new RankedScores(truePositives, falsePositives);
    }
}
