namespace Espalier.Training.Loop;

/// <summary>Where a training stands.</summary>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="SamplesSeen">Samples seen by these steps.</param>
/// <param name="TotalSamples">Samples at the end.</param>
/// <param name="EpochSize">Samples per epoch.</param>
public readonly record struct TrainingState(long Step, long SamplesSeen, long TotalSamples, long EpochSize)
{
    /// <summary>Which phase of the step is under way, an index into <see cref="Objectives.Objective.Phases"/>.</summary>
    public int Phase { get; init; }

    /// <summary>Epochs done, with fraction.</summary>
    public double Epoch => (double)SamplesSeen / EpochSize;
}
