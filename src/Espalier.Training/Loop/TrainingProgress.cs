namespace Espalier.Training.Loop;

/// <summary>What the trainer reports after every optimizer step.</summary>
/// <param name="State">Where the training stands.</param>
/// <param name="Loss">Mean training loss of the step.</param>
/// <param name="Accuracy">Share of right predictions in the step, or NaN where that means nothing.</param>
/// <param name="LearningRate">The rate of the step, schedule and scaling applied.</param>
/// <param name="GradientNorm">Euclidean norm of the mean gradient, before clipping.</param>
/// <param name="EmaMomentum">The momentum of the step's EMA update, or NaN without one.</param>
/// <param name="SamplesPerSecond">Training samples per second of training time, evaluation and checkpoints left out.</param>
/// <param name="Remaining">Time left at that pace.</param>
/// <param name="Evaluation">The validation numbers where this step ended with an evaluation (<c>accuracy</c>, <c>ema.accuracy</c>, ...), else null.</param>
public sealed record TrainingProgress(
    TrainingState State,
    double Loss,
    double Accuracy,
    double LearningRate,
    double GradientNorm,
    double EmaMomentum,
    double SamplesPerSecond,
    TimeSpan Remaining,
    IReadOnlyDictionary<string, double>? Evaluation)
{
    /// <summary>The batch size in force.</summary>
    public int BatchSize { get; init; }

    /// <summary>The gradient noise scale in samples as estimated so far, or NaN where it is not measured.</summary>
    public double NoiseScale { get; init; } = double.NaN;
}
