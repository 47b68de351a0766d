using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Language.FineTuning;

/// <summary>
/// Fine-tunes a model by the protocol of the papers: learning rate and batch size are chosen on the validation data with the
/// first seed, then every seed trains with that choice, and the median on the test data is what counts.
/// </summary>
public sealed class FineTuner
{
    private readonly FineTuningOptions _options;

    /// <summary>A fine-tuner with checked options.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public FineTuner(FineTuningOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <summary>Runs the protocol.</summary>
    /// <param name="training">How one training goes; learning rate, batch size and seed are replaced.</param>
    /// <param name="create">Makes the objective of a seed, with its model, from the same pre-trained weights each time.</param>
    /// <param name="splits">The data; training never sees the test part, and choices see the validation part alone.</param>
    /// <param name="report">Told about each training; nobody where null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="OptionsException">The objective does not give the deciding number.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public FineTuningResult Run(TrainerOptions training, Func<int, OwnedObjective<LabelledBatch>> create, DatasetSplits splits, Action<FineTuningTrial>? report = null, CancellationToken cancellationToken = default)
    {
        double[] rates = _options.LearningRates is { Count: > 0 } given ? [.. given] : [training.Optimizer.LearningRate];
        int[] batches = _options.BatchSizes is { Count: > 0 } sizes ? [.. sizes] : [training.BatchSize];
        bool isChoice = rates.Length * batches.Length > 1;
        FineTuningTrial Train(double rate, int batch, int seed, bool isTested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            FineTuningTrial trial = TrainOne(training, rate, batch, seed, create, splits, isTested, cancellationToken);
            report?.Invoke(trial);
            return trial;
        }

        FineTuningTrial[] grid = isChoice ? [.. rates.SelectMany(r => batches.Select(b => Train(r, b, 1, isTested: false)))] : [];
        FineTuningTrial? best = _options.Maximize ? grid.MaxBy(t => t.Validation) : grid.MinBy(t => double.IsNaN(t.Validation) ? double.PositiveInfinity : t.Validation);
        (double rate, int batch) = best is null ? (rates[0], batches[0]) : (best.LearningRate, best.BatchSize);
        return new FineTuningResult(grid, [.. Enumerable.Range(1, _options.Seeds).Select(s => Train(rate, batch, s, isTested: true))]);
    }

    private FineTuningTrial TrainOne(TrainerOptions training, double rate, int batch, int seed, Func<int, OwnedObjective<LabelledBatch>> create, DatasetSplits splits, bool isTested, CancellationToken cancellationToken)
    {
        TrainerOptions options = training with { Seed = seed, BatchSize = batch, BaseBatchSize = null, Optimizer = training.Optimizer with { LearningRate = rate }, EvaluateEvery = training.Length };
        using OwnedObjective<LabelledBatch> owned = create(seed);
        using TrainingResult result = new Trainer(options).Fit(owned.Objective, splits.Train, cancellationToken: cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return new FineTuningTrial(rate, batch, seed, Judge(owned.Objective, splits.Validation, result.State), isTested ? Judge(owned.Objective, splits.Test, result.State) : null, result.TrainingTime.TotalSeconds);
    }

    private double Judge(Objective<LabelledBatch> objective, Dataset data, TrainingState state)
    {
        IReadOnlyDictionary<string, double> numbers = objective.Evaluate(data, new(state, CancellationToken.None));
        return numbers.TryGetValue(_options.Metric, out double value) ? value : throw new OptionsException("metric", _options.Metric, Suggestion.For(_options.Metric, numbers.Keys));
    }
}
