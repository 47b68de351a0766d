namespace Espalier.Runs.Store;

/// <summary>How a run stands.</summary>
public enum RunStatus
{
    /// <summary>Under way, or killed without a chance to say so.</summary>
    Running,

    /// <summary>Ended as planned.</summary>
    Completed,

    /// <summary>Ended by an error.</summary>
    Failed,

    /// <summary>Stopped by the user; can be resumed from its checkpoint.</summary>
    Interrupted,
}
