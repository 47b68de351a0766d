using Espalier.Training.Averages;
using Espalier.Training.Diagnostics;

namespace Espalier.Training.Loop;

/// <summary>What a training came to. The EMA belongs to the caller.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="State">Where it ended.</param>
/// <param name="FinalLoss">Mean training loss of the last step.</param>
/// <param name="TrainingTime">Time spent in steps, over all sittings, evaluation and checkpoints left out.</param>
/// <param name="Ema">The averaged weights, or null.</param>
/// <param name="Best">The best monitored number and the samples seen then, or null where nothing was monitored.</param>
public sealed record TrainingResult(
    TrainingOutcome Outcome,
    TrainingState State,
    double FinalLoss,
    TimeSpan TrainingTime,
    ModelEma? Ema,
    (double Value, long SamplesSeen)? Best) : IDisposable
{
    /// <summary>Training samples per second of training time.</summary>
    public double SamplesPerSecond => State.SamplesSeen / Math.Max(1e-9, TrainingTime.TotalSeconds);

    /// <summary>The gradient noise scale at the end, or null where it was not measured.</summary>
    public GradientNoiseScale? NoiseScale { get; init; }

    /// <summary>What the user should know about how the options were understood.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The flat buffers that the model's parameters are views of; the EMA exchanges with them.</summary>
    internal FlatParameters? Parameters { get; init; }

    /// <summary>Frees the EMA; the model keeps its weights.</summary>
    public void Dispose()
    {
        Ema?.Dispose();
        Parameters?.Dispose();
    }
}
