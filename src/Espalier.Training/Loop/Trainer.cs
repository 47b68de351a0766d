using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Checkpoints;
using Espalier.Training.Objectives;

namespace Espalier.Training.Loop;

/// <summary>
/// The one loop over minibatches. Everything that varies over time is a closed form of the samples seen, and everything
/// random is a function of the seed and the position in the sample stream: so the batch size can change without changing
/// the recipe, and a resumed training continues bit for bit.
/// </summary>
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

    /// <summary>Shown the weights after every step, on the calling thread; nobody where null.</summary>
    public Action<TrainingSnapshot>? Observer { get; init; }

    /// <summary>Trains the objective's model.</summary>
    /// <param name="objective">What is learned.</param>
    /// <param name="train">Training data, on the model's device.</param>
    /// <param name="validation">What <see cref="Objective.Evaluate"/> looks at; nothing where null.</param>
    /// <param name="checkpoints">Where checkpoints go; none are written where null.</param>
    /// <param name="resume">Continue from <see cref="CheckpointFolder.Last"/> where that exists.</param>
    /// <param name="progress">Told after every step, on the calling thread.</param>
    /// <param name="ranks">The processes that train together, each calling this with the same arguments; this one alone where null. Rank 0 evaluates and writes.</param>
    /// <param name="cancellationToken">Ends the training after the current step, with a checkpoint.</param>
    /// <returns>How it ended, with the averaged weights.</returns>
    /// <exception cref="OptionsException">A batch is larger than the data.</exception>
    /// <exception cref="TrainingDivergedException">The loss or the gradient became NaN or infinite; the weights are those before that step.</exception>
    /// <exception cref="CheckpointException">The checkpoint to resume from is broken, or was made with other options or another model.</exception>
    public TrainingResult Fit(
        Objective objective,
        Dataset train,
        Dataset? validation = null,
        CheckpointFolder? checkpoints = null,
        bool resume = false,
        IProgress<TrainingProgress>? progress = null,
        Communication.ICommunicator? ranks = null,
        CancellationToken cancellationToken = default)
    {
        _options.ValidateFor(train.Count);
        OptionsException.Require(_options.Monitor is not { RestoreBest: true } || (checkpoints is not null && validation is not null),
            "monitor.restoreBest", true, "needs a checkpoint folder and validation data");
        using var session = new TrainingSession(_options, objective, train, validation, checkpoints, ranks ?? Communication.SingleProcess.Instance, Observer);
        if (resume && checkpoints is not null && File.Exists(checkpoints.Last))
            session.Resume(checkpoints.Last);
        return session.Run(progress, cancellationToken);
    }
}
