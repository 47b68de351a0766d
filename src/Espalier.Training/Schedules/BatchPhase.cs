using Espalier.Training.Loop;

namespace Espalier.Training.Schedules;

/// <summary>A change of the batch size during a training (progressive scaling: Busbridge et al. 2023, Algorithm 1).</summary>
public sealed record BatchPhase
{
    /// <summary>When it begins, from the start of the training.</summary>
    public Duration After { get; init; }

    /// <summary>Samples per optimizer step from then on.</summary>
    public int BatchSize { get; init; }
}
