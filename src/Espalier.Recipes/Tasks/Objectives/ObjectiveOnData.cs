using Espalier.Data;
using Espalier.Recipes.Engine;
using Espalier.Training.Diagnostics;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Scaling;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>An objective with what it makes of a recipe's data.</summary>
internal abstract class ObjectiveOnData
{
    /// <summary>What is learned.</summary>
    public abstract Objective Objective { get; }

    /// <summary>Trains as a task does.</summary>
    /// <param name="context">The task's.</param>
    /// <param name="splits">Training and validation data.</param>
    /// <param name="description">What the report says of the training.</param>
    public abstract TrainingResult Fit(TaskContext context, DatasetSplits splits, TrainingDescription description);

    /// <summary>Judges the model as it stands, in evaluation mode.</summary>
    public abstract IReadOnlyDictionary<string, double> Evaluate(Dataset data);

    /// <summary>Measures noise scale and curvature at the base batch.</summary>
    public abstract ScalingEstimate Estimate(TrainerOptions baseline, Func<TrainingObjective> make, Dataset train, CancellationToken cancellationToken);

    /// <summary>Compares the paths at two batch sizes.</summary>
    public abstract BatchInvarianceReport Compare(TrainerOptions baseline, TrainerOptions scaled, Func<TrainingObjective> make, DatasetSplits splits, BatchInvarianceOptions options, Action<string>? report, CancellationToken cancellationToken);
}

/// <summary>An objective of one kind of batch.</summary>
/// <param name="objective">What is learned.</param>
/// <param name="training">What it is trained on.</param>
/// <param name="evaluation">What it is judged on.</param>
internal sealed class ObjectiveOnData<TBatch>(Objective<TBatch> objective, Func<Dataset, ISampleSource<TBatch>> training, Func<Dataset, ISampleSource<TBatch>> evaluation) : ObjectiveOnData
    where TBatch : IBatch
{
    public override Objective Objective => objective;

    public override TrainingResult Fit(TaskContext context, DatasetSplits splits, TrainingDescription description) =>
        context.Fit(objective, training(splits.Train), evaluation(splits.Validation), description);

    public override IReadOnlyDictionary<string, double> Evaluate(Dataset data) => objective.Evaluate(evaluation(data), default);

    public override ScalingEstimate Estimate(TrainerOptions baseline, Func<TrainingObjective> make, Dataset train, CancellationToken cancellationToken) =>
        ScalingEstimate.Measure(baseline, () => Owned(make()), training(train), cancellationToken);

    public override BatchInvarianceReport Compare(TrainerOptions baseline, TrainerOptions scaled, Func<TrainingObjective> make, DatasetSplits splits, BatchInvarianceOptions options, Action<string>? report, CancellationToken cancellationToken) =>
        BatchInvariance.Measure(baseline, scaled, () => Owned(make()), training(splits.Train), evaluation(splits.Validation), options, report, cancellationToken);

    private static OwnedObjective<TBatch> Owned(TrainingObjective made) => new((Objective<TBatch>)made.Objective, made);
}
