namespace Espalier.Anomaly.Evaluation;

/// <summary>What part a set of outliers has in an <see cref="OodBenchmark"/>.</summary>
public enum OutlierGroup
{
    /// <summary>Like the task: other digits' alphabets, other animals. Reported.</summary>
    Near,

    /// <summary>Unlike the task: noise, textures. Reported.</summary>
    Far,

    /// <summary>A detector is recommended by these, and by these alone; not a result.</summary>
    Validation,
}
