namespace Espalier.Training.Normalization;

/// <summary>Over which samples a <see cref="GhostBatchNorm"/> takes its statistics in training.</summary>
public enum BatchNormMode
{
    /// <summary>Over groups of a fixed number of samples, whatever the batch, micro-batch and number of ranks.</summary>
    Ghost,

    /// <summary>Over the whole batch of one process; not together with accumulation.</summary>
    Whole,

    /// <summary>Over the whole batch of all ranks (the official BYOL); one micro-batch per rank.</summary>
    Synchronized,
}
