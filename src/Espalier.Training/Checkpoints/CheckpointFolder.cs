using Espalier.Errors;
using Espalier.Training.Loop;

namespace Espalier.Training.Checkpoints;

/// <summary>Where a training leaves its checkpoints. Each is one safetensors file that is whole or absent.</summary>
/// <param name="path">The folder; made when the first checkpoint is written.</param>
public sealed class CheckpointFolder(string path)
{
    /// <summary>The folder.</summary>
    public string Path { get; } = path;

    /// <summary>The latest state: what a training continues from.</summary>
    public string Last => System.IO.Path.Combine(Path, "last.safetensors");

    /// <summary>The state with the best monitored number.</summary>
    public string Best => System.IO.Path.Combine(Path, "best.safetensors");

    /// <summary>Where stored averages go (<see cref="TrainerOptions.PostHoc"/>).</summary>
    public string Averages => System.IO.Path.Combine(Path, "averages");

    /// <summary>Optimizer steps and samples that the latest state holds, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The file is broken.</exception>
    public (long Step, long SamplesSeen)? Progress()
    {
        if (!File.Exists(Last))
            return null;
        TrainingCheckpoint.Counters counters = TrainingCheckpoint.ReadCounters(Models.SafetensorsFile.Open(Last));
        return (counters.Step, counters.SamplesSeen);
    }
}
