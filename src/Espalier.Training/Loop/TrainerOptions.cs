using Espalier.Errors;
using Espalier.Training.Averages;
using Espalier.Training.Normalization;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;
using Espalier.Training.Schedules;

namespace Espalier.Training.Loop;

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

    /// <summary>Changes of the batch size during the training, in order (progressive scaling); the other values follow each from the base.</summary>
    public IReadOnlyList<BatchPhase> BatchSchedule { get; init; } = [];

    /// <summary>Over which samples the model's <see cref="GhostBatchNorm"/> layers take their statistics.</summary>
    public BatchNormMode BatchNorm { get; init; }

    /// <summary>Samples of a group of <see cref="BatchNormMode.Ghost"/>, at least 2, a divisor of the micro-batch; the base batch, or the micro-batch where that is smaller, where null.</summary>
    public int? GhostBatchSize { get; init; }

    /// <summary>Whether to estimate the gradient noise scale from the gradients of micro-batches; a step of one micro-batch is cut in two for it.</summary>
    public bool MeasureNoiseScale { get; init; }

    /// <summary>Seeds the data order and the randomness of dropout and its kin.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Seeds the data order alone; <see cref="Seed"/> where null. Another order with the same weights and dropout shows how far chance alone carries a training.</summary>
    public int? OrderSeed { get; init; }

    /// <summary>The optimizer.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>The learning rate over time.</summary>
    public ScheduleOptions Schedule { get; init; } = new();

    /// <summary>The largest Euclidean norm of the mean gradient; longer ones are scaled down. No clipping where null.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>The moving average of the weights; none where null.</summary>
    public EmaOptions? Ema { get; init; }

    /// <summary>Power-function averages to make other ones from afterwards; none where null.</summary>
    public PostHocOptions? PostHoc { get; init; }

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

    /// <summary>The largest batch size of the training.</summary>
    internal int LargestBatch => BatchSchedule.Select(p => p.BatchSize).Append(BatchSize).Max();

    /// <summary>Checks every value, and all of them together.</summary>
    /// <exception cref="OptionsException">A value is out of range, or two do not go together.</exception>
    public void Validate()
    {
        OptionsException.Require(!Length.IsZero, nameof(Length), Length, "must be above 0");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
        OptionsException.Require(BaseBatchSize is null or >= 1, nameof(BaseBatchSize), BaseBatchSize, "must be at least 1");
        OptionsException.Require(MicroBatchSize is null or >= 1, nameof(MicroBatchSize), MicroBatchSize, "must be at least 1");
        OptionsException.Require(MicroBatchSize is null || MicroBatchSize <= BatchSize, nameof(MicroBatchSize), MicroBatchSize, $"must not exceed batchSize ({BatchSize})");
        Duration last = Duration.Zero;
        foreach (BatchPhase phase in BatchSchedule)
        {
            OptionsException.Require(phase.BatchSize >= 1, nameof(BatchSchedule), phase.BatchSize, "must hold batch sizes of at least 1");
            OptionsException.Require(MicroBatchSize is null || MicroBatchSize <= phase.BatchSize, nameof(MicroBatchSize), MicroBatchSize, $"must not exceed the batch size {phase.BatchSize} of the schedule");
            OptionsException.Require(!phase.After.IsZero && (phase.After.Unit != last.Unit || phase.After.Amount > last.Amount), nameof(BatchSchedule), phase.After, "must hold later and later changes, the first one after the start");
            last = phase.After;
        }

        OptionsException.Require(GhostBatchSize is null or >= 2, nameof(GhostBatchSize), GhostBatchSize, "must be at least 2: one sample has no variance");
        OptionsException.Require(GhostBatchSize is null || BatchNorm == BatchNormMode.Ghost, nameof(GhostBatchSize), GhostBatchSize, "belongs to batchNorm ghost");
        OptionsException.Require(GhostBatchSize is null || (MicroBatchSize ?? BatchSize) % GhostBatchSize == 0, nameof(GhostBatchSize), GhostBatchSize, $"must divide the micro-batch of {MicroBatchSize ?? BatchSize}");
        OptionsException.Require(BatchNorm == BatchNormMode.Ghost || MicroBatchSize is null || MicroBatchSize == LargestBatch || BatchNorm == BatchNormMode.Synchronized, nameof(MicroBatchSize), MicroBatchSize, $"excludes batchNorm {BatchNorm.ToString().ToLowerInvariant()}: statistics of the whole batch need it in one pass; use ghost");
        OptionsException.Require(ClipNorm is null or > 0, nameof(ClipNorm), ClipNorm, "must be above 0");
        OptionsException.Require(!EvaluateEvery.IsZero, nameof(EvaluateEvery), EvaluateEvery, "must be above 0");
        OptionsException.Require(!CheckpointEvery.IsZero, nameof(CheckpointEvery), CheckpointEvery, "must be above 0");
        OptionsException.Within("optimizer", Optimizer.Validate);
        OptionsException.Within("schedule", Schedule.Validate);
        OptionsException.Within("ema", (Ema ?? new EmaOptions()).Validate);
        OptionsException.Within("postHoc", (PostHoc ?? new PostHocOptions()).Validate);
        OptionsException.Within("monitor", (Monitor ?? new MonitorOptions()).Validate);

        // The linear forms can leave their range at this batch size: better now than at the first step.
        double kappa = (double)LargestBatch / EffectiveBase;
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
        new ScalingRule(Optimizer.Kind, Scaling).Explain(Optimizer.BaseHyperparameters, Ema is { Kind: EmaKind.Exponential } ema ? ema.BaseMomentum(EffectiveBase, epochSize) : null, kappa);

    /// <summary>Checks what depends on the data.</summary>
    /// <param name="samples">Number of training samples.</param>
    /// <exception cref="OptionsException">A batch is larger than the data.</exception>
    public void ValidateFor(long samples)
    {
        Validate();
        OptionsException.Require(LargestBatch <= samples, nameof(BatchSize), LargestBatch, $"must not exceed the {samples} training samples");
        OptionsException.Require(EffectiveBase <= samples, nameof(BaseBatchSize), BaseBatchSize, $"must not exceed the {samples} training samples");
    }
}
