using Espalier.Data;
using Espalier.Errors;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Training.Diagnostics;
using Espalier.Training.Loop;
using Espalier.Training.Scaling;

namespace Espalier.Recipes;

/// <summary>A recipe at another batch size: what changes, what speaks against it, and whether the training stays the same.</summary>
public sealed class RecipeScaling
{
    private readonly Recipe _recipe;
    private readonly DatasetSplits _splits;
    private readonly RecipeData _data;

    /// <summary>Takes a recipe with its data.</summary>
    /// <param name="recipe">The recipe, of any objective; checked.</param>
    /// <param name="data">Its data; stays the caller's.</param>
    /// <param name="device">Where to train.</param>
    /// <param name="batchSize">The batch size to go to.</param>
    /// <exception cref="OptionsException">The batch size is below 1.</exception>
    public RecipeScaling(Recipe recipe, RecipeData data, torch.Device device, int batchSize)
    {
        OptionsException.Require(batchSize >= 1, nameof(batchSize), batchSize, "must be at least 1");
        (_recipe, _data, _splits) = (recipe, data, data.Loaded.Splits.To(device));
        int baseBatch = recipe.Train.BaseBatchSize ?? recipe.Train.BatchSize;
        TrainerOptions options = recipe.SeededTraining with { BaseBatchSize = baseBatch, BatchSchedule = [] };
        Baseline = At(options, baseBatch);
        Scaled = At(options, batchSize);
    }

    /// <summary>The training at the base batch, a batch schedule left out.</summary>
    public TrainerOptions Baseline { get; }

    /// <summary>The training at the batch size to go to.</summary>
    public TrainerOptions Scaled { get; }

    /// <summary>Batch over base batch.</summary>
    public double Kappa => (double)Scaled.BatchSize / Baseline.BatchSize;

    /// <summary>What the rule changes, and why.</summary>
    /// <exception cref="OptionsException">A linear form leaves its range at this κ.</exception>
    public IReadOnlyList<ScaledValue> Changed => OptionsException.Within("train", () => Baseline.Explain(Kappa, _splits.Train.Count));

    /// <summary>What stays as it is, counted in samples.</summary>
    public IReadOnlyList<ScaledValue> Kept => ScalingAdvice.Kept(Baseline, Scaled.BatchSize, _splits.Train.Count);

    /// <summary>What speaks against the batch size.</summary>
    /// <param name="estimate">What <see cref="Estimate"/> found, or null.</param>
    public IReadOnlyList<ScalingWarning> Warnings(ScalingEstimate? estimate) => ScalingAdvice.For(Baseline, Scaled.BatchSize, _splits.Train.Count, estimate);

    /// <summary>Trains an epoch, or 20,000 samples, at the base batch and measures noise scale and curvature.</summary>
    /// <param name="cancellationToken">Stops.</param>
    public ScalingEstimate Estimate(CancellationToken cancellationToken) =>
        OptionsException.Within("train", () =>
        {
            using TrainingObjective kind = Make();
            return kind.OnData.Estimate(Baseline, Make, _splits.Train, cancellationToken);
        });

    /// <summary>Trains at both batch sizes, and once more in another order, and compares the paths.</summary>
    /// <param name="samples">Samples each training sees, at least 1.</param>
    /// <param name="report">Told in a few words what is under way.</param>
    /// <param name="cancellationToken">Stops.</param>
    public BatchInvarianceReport Verify(long samples, Action<string>? report, CancellationToken cancellationToken) =>
        OptionsException.Within("train", () =>
        {
            using TrainingObjective kind = Make();
            return kind.OnData.Compare(Baseline, Scaled, Make, _splits, new() { Samples = samples }, report, cancellationToken);
        });

    // A micro-batch of another batch size stays where it fits, since normalisation groups may depend on it.
    private static TrainerOptions At(TrainerOptions options, int batchSize) => options with
    {
        BatchSize = batchSize,
        MicroBatchSize = options.MicroBatchSize is { } micro && micro < batchSize ? micro : null,
    };

    private TrainingObjective Make() => TrainingObjective.Create(_recipe, _splits.Train, _data.Language);
}
