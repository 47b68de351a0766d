namespace Espalier.Recipes.Engine;

/// <summary>What the training stage leaves in <c>stages/train.json</c>; the curves lie in <c>metrics.jsonl</c>.</summary>
/// <param name="Outcome">How the training ended.</param>
/// <param name="Parameters">Number of trainable values.</param>
/// <param name="TrainSamples">Size of the training split.</param>
/// <param name="ValidationSamples">Size of the validation split.</param>
/// <param name="TestSamples">Size of the test split.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="SamplesSeen">Samples seen.</param>
/// <param name="Seconds">Time in training steps.</param>
/// <param name="SamplesPerSecond">Samples per second of training time.</param>
/// <param name="FinalLoss">Loss of the last step.</param>
/// <param name="EmaMomentum">ρ at the base batch, or null without an EMA.</param>
/// <param name="EmaHalfLifeSamples">Its half-life in samples, or null.</param>
public sealed record TrainRecord(
    Espalier.Training.Loop.TrainingOutcome Outcome, long Parameters, long TrainSamples, long ValidationSamples, long TestSamples,
    long Steps, long SamplesSeen, double Seconds, double SamplesPerSecond, double FinalLoss,
    double? EmaMomentum, double? EmaHalfLifeSamples)
{
    /// <summary>Number of processes that trained together.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>The gradient noise scale in samples at the end, or null where it was not measured.</summary>
    public double? NoiseScale { get; init; }

    /// <summary>How options were understood where that may surprise.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The network's name.</summary>
    public string Network { get; init; } = "";

    /// <summary>What the loss is, with its unit.</summary>
    public string LossLabel { get; init; } = "loss";

    /// <summary>A sentence below the curve of the loss, or null.</summary>
    public string? LossNote { get; init; }

    /// <summary>Whether the loss is never negative.</summary>
    public bool IsLossBounded { get; init; }

    /// <summary>What the accuracy in training is that of.</summary>
    public string AccuracyLabel { get; init; } = "training (smoothed)";

    /// <summary>A sentence below the curve of the accuracy, or null.</summary>
    public string? AccuracyNote { get; init; }
}
