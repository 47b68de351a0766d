namespace Espalier.Training.Normalization;

/// <summary>What becomes of the statistics that a batch norm takes in training.</summary>
internal enum StatisticsUpdate
{
    /// <summary>They move the running ones at once.</summary>
    Immediate,

    /// <summary>They wait until those of all ranks can be taken in, in the order of the sample stream.</summary>
    Deferred,

    /// <summary>Nothing: this pass is repeated.</summary>
    None,
}
