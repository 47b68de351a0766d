namespace Espalier.Training;

/// <summary>Everything that decides how a model is trained.</summary>
public sealed record TrainerOptions
{
    /// <summary>How long to train.</summary>
    public Duration Length { get; init; } = Duration.Epochs(20);

    /// <summary>Samples per optimizer step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The batch size that the other values are tuned for; <see cref="BatchSize"/> where null. Where they differ, <see cref="ScalingRule"/> rescales.</summary>
    public int? BaseBatchSize { get; init; }

    /// <summary>Samples per forward and backward pass; <see cref="BatchSize"/> where null. Smaller ones need less memory and change nothing else.</summary>
    public int? MicroBatchSize { get; init; }

    /// <summary>Seeds the data order and the randomness of dropout and its kin.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The optimizer.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>The learning rate over time.</summary>
    public ScheduleOptions Schedule { get; init; } = new();

    /// <summary>The largest Euclidean norm of the mean gradient; longer ones are scaled down. No clipping where null.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>The moving average of the weights; none where null.</summary>
    public EmaOptions? Ema { get; init; }

    /// <summary>How the values follow the batch size.</summary>
    public ScalingOptions Scaling { get; init; } = new();

    /// <summary>How often the validation data is looked at; always at the end.</summary>
    public Duration EvaluateEvery { get; init; } = Duration.Epochs(1);

    /// <summary>How often a checkpoint is written; always at the end and when cancelled.</summary>
    public Duration CheckpointEvery { get; init; } = Duration.Epochs(1);

    /// <summary>What decides on the best weights and on stopping early; nothing where null.</summary>
    public MonitorOptions? Monitor { get; init; }

    /// <summary>The batch size that the other values are tuned for.</summary>
    internal int EffectiveBase => BaseBatchSize ?? BatchSize;

    /// <summary>Checks every value, and all of them together.</summary>
    /// <exception cref="OptionsException">A value is out of range, or two do not go together.</exception>
    public void Validate()
    {
        OptionsException.Require(!Length.IsZero, nameof(Length), Length, "must be above 0");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
        OptionsException.Require(BaseBatchSize is null or >= 1, nameof(BaseBatchSize), BaseBatchSize, "must be at least 1");
        OptionsException.Require(MicroBatchSize is null or >= 1, nameof(MicroBatchSize), MicroBatchSize, "must be at least 1");
        OptionsException.Require(MicroBatchSize is null || MicroBatchSize <= BatchSize, nameof(MicroBatchSize), MicroBatchSize, $"must not exceed batchSize ({BatchSize})");
        OptionsException.Require(ClipNorm is null or > 0, nameof(ClipNorm), ClipNorm, "must be above 0");
        OptionsException.Require(!EvaluateEvery.IsZero, nameof(EvaluateEvery), EvaluateEvery, "must be above 0");
        OptionsException.Require(!CheckpointEvery.IsZero, nameof(CheckpointEvery), CheckpointEvery, "must be above 0");
        OptionsException.Within("optimizer", Optimizer.Validate);
        OptionsException.Within("schedule", Schedule.Validate);
        OptionsException.Within("ema", (Ema ?? new EmaOptions()).Validate);
        OptionsException.Within("monitor", (Monitor ?? new MonitorOptions()).Validate);

        // The linear forms can leave their range at this batch size: better now than at the first step.
        double kappa = (double)BatchSize / EffectiveBase;
        var rule = new ScalingRule(Optimizer.Kind, Scaling);
        OptionsException.Within("optimizer", () => rule.At(Optimizer.BaseHyperparameters, kappa));
        if (Ema?.Momentum is { } rho)
            OptionsException.Within("ema", () => rule.EmaMomentum(rho, kappa));
    }

    /// <summary>What <see cref="ScalingRule"/> changes at κ times the base batch, and why.</summary>
    /// <param name="kappa">Batch over base batch; above 0.</param>
    /// <param name="epochSize">Samples per epoch, for a half-life in epochs.</param>
    /// <exception cref="OptionsException">A linear form leaves its range at this κ.</exception>
    public IReadOnlyList<ScaledValue> Explain(double kappa, long epochSize) =>
        new ScalingRule(Optimizer.Kind, Scaling).Explain(Optimizer.BaseHyperparameters, Ema?.BaseMomentum(EffectiveBase, epochSize), kappa);

    /// <summary>Checks what depends on the data.</summary>
    /// <param name="samples">Number of training samples.</param>
    /// <exception cref="OptionsException">A batch is larger than the data.</exception>
    public void ValidateFor(int samples)
    {
        Validate();
        OptionsException.Require(BatchSize <= samples, nameof(BatchSize), BatchSize, $"must not exceed the {samples} training samples");
        OptionsException.Require(EffectiveBase <= samples, nameof(BaseBatchSize), BaseBatchSize, $"must not exceed the {samples} training samples");
    }
}
