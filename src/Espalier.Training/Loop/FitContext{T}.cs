using Espalier.Communication;
using Espalier.Data;
using Espalier.Training.Checkpoints;

namespace Espalier.Training.Loop;

/// <summary>What surrounds a training: validation data, checkpoints, other ranks, and who is told. All of it may be left out.</summary>
/// <typeparam name="TBatch">What several samples are together.</typeparam>
public sealed record FitContext<TBatch>
    where TBatch : IBatch
{
    /// <summary>What the objective is judged on. Default: nothing.</summary>
    public ISampleSource<TBatch>? Validation { get; init; }

    /// <summary>Where checkpoints go. Default: none are written.</summary>
    public CheckpointFolder? Checkpoints { get; init; }

    /// <summary>Whether to continue from <see cref="CheckpointFolder.Last"/> where that exists. Default: no.</summary>
    public bool Resume { get; init; }

    /// <summary>Told after every step, on the calling thread. Default: nobody.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>The processes that train together, each calling with the same arguments. Rank 0 evaluates and writes. Default: this one alone.</summary>
    public ICommunicator? Ranks { get; init; }

    /// <summary>Shown the weights after every step, on the calling thread. Default: nobody.</summary>
    public Action<TrainingSnapshot>? Observer { get; init; }
}
