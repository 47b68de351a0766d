using Espalier.Communication;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Objectives;

namespace Espalier.Training.Loop;

/// <summary>
/// The one loop over minibatches. Everything that varies over time is a closed form of the samples seen, and everything
/// random is a function of the seed and the position in the sample stream: so the batch size can change without changing
/// the recipe, and a resumed training continues bit for bit.
/// </summary>
/// <example>
/// <code>
/// var trainer = new Trainer(new TrainerOptions { Length = Duration.Epochs(10), BatchSize = 32 });
/// using TrainingResult result = trainer.Fit(new ClassificationObjective(network), data.Train, new() { Validation = data.Validation });
/// </code>
/// </example>
public sealed class Trainer
{
    private readonly TrainerOptions _options;

    /// <summary>A trainer with checked options.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public Trainer(TrainerOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <summary>Trains the objective's model.</summary>
    /// <param name="objective">What is learned.</param>
    /// <param name="train">Training data, on the model's device.</param>
    /// <param name="context">Validation data, checkpoints, progress, ranks; none of them where null.</param>
    /// <param name="cancellationToken">Ends the training after the current step, with a checkpoint.</param>
    /// <returns>How it ended, with the averaged weights.</returns>
    /// <exception cref="OptionsException">A batch is larger than the data, or an option does not go with an indivisible source.</exception>
    /// <exception cref="TrainingDivergedException">The loss or the gradient became NaN or infinite; the weights are those before that step.</exception>
    /// <exception cref="CheckpointException">The checkpoint to resume from is broken, or was made with other options, another model or other data.</exception>
    public TrainingResult Fit<TBatch>(Objective<TBatch> objective, ISampleSource<TBatch> train, FitContext<TBatch>? context = null, CancellationToken cancellationToken = default)
        where TBatch : IBatch
    {
        context ??= new();
        ICommunicator ranks = context.Ranks ?? SingleProcess.Instance;
        TrainerOptions options = train.IsIndivisible ? Whole(train, ranks) : _options;
        options.ValidateFor(train.Count);
        OptionsException.Require(options.Monitor is not { RestoreBest: true } || (context.Checkpoints is not null && context.Validation is not null),
            "monitor.restoreBest", true, "needs a checkpoint folder and validation data");
        using var session = new TrainingSession<TBatch>(options, objective, train, context, ranks);
        if (context.Resume && context.Checkpoints is { } checkpoints && File.Exists(checkpoints.Last))
            session.Resume(checkpoints.Last);
        return session.Run(context.Progress, cancellationToken);
    }

    // One step an epoch, over all samples.
    private TrainerOptions Whole<TBatch>(ISampleSource<TBatch> train, ICommunicator ranks)
        where TBatch : IBatch
    {
        string why = $"does not go with {train.Name}, whose samples are learned from all at once";
        OptionsException.Require(_options.MicroBatchSize is null, "microBatchSize", _options.MicroBatchSize, why);
        OptionsException.Require(ranks.Size == 1, "ranks", ranks.Size, why);
        OptionsException.Require(!_options.MeasureNoiseScale, "measureNoiseScale", true, why);
        OptionsException.Require(_options.BatchSchedule.Count == 0, "batchSchedule", _options.BatchSchedule.Count, why);
        OptionsException.Require(train.Count <= int.MaxValue, "data", train.Count, $"must be at most {int.MaxValue} samples at once");
        return _options with { BatchSize = (int)train.Count, BaseBatchSize = null };
    }
}
