namespace Espalier.Training.Loop;

/// <summary>How a training ended.</summary>
public enum TrainingOutcome
{
    /// <summary>All its samples were seen.</summary>
    Completed,

    /// <summary>The monitored number stopped improving.</summary>
    StoppedEarly,

    /// <summary>It was cancelled; the last checkpoint continues it.</summary>
    Interrupted,
}
