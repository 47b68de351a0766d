namespace Espalier.Anomaly.Decisions;

/// <summary>What watches a stream of p-values for a lasting change.</summary>
public enum AlarmKind
{
    /// <summary>A conformal test martingale: the probability of ever alarming on an unchanged stream is at most δ.</summary>
    Martingale,

    /// <summary>A cumulative sum of normal scores: on an unchanged stream a stated number of steps passes between alarms on average.</summary>
    Cusum,

    /// <summary>Page and Hinkley's sum around the running mean: the same promise, and slow trends from the start are learned as usual.</summary>
    PageHinkley,
}
