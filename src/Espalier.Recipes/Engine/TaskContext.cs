using System.Diagnostics;
using System.Globalization;
using Espalier.Communication;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Runs.Store;
using Espalier.Training.Averages;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Recipes.Engine;

/// <summary>What a task is told, and the training as every task does it: with checkpoints, metrics, progress and ranks.</summary>
public sealed class TaskContext
{
    private readonly IProgress<StageProgress>? _progress;

    internal TaskContext(Recipe recipe, Run? run, string checkpoints, torch.Device device, ICommunicator ranks, bool resume, IProgress<StageProgress>? progress, CancellationToken cancellationToken)
    {
        (Recipe, Run, Checkpoints, Device, Ranks, Resume, _progress, CancellationToken) = (recipe, run, checkpoints, device, ranks, resume, progress, cancellationToken);
    }

    /// <summary>The whole recipe.</summary>
    public Recipe Recipe { get; }

    /// <summary>Where the run writes; null on ranks beside the first, which write nothing.</summary>
    public Run? Run { get; }

    /// <summary>What all that is random derives from.</summary>
    public int Seed => Recipe.Seed;

    /// <summary>Where tensors live.</summary>
    public torch.Device Device { get; }

    /// <summary>The processes that train together.</summary>
    public ICommunicator Ranks { get; }

    /// <summary>Whether an earlier sitting is continued.</summary>
    public bool Resume { get; }

    /// <summary>Ends the training after the current step, with a checkpoint.</summary>
    public CancellationToken CancellationToken { get; }

    internal string Checkpoints { get; }

    /// <summary>Does a part of the task that is timed and told of, such as loading data.</summary>
    /// <param name="stage">Its name.</param>
    /// <param name="work">The work.</param>
    /// <param name="describe">What it came to, in a few words.</param>
    public T Timed<T>(string stage, Func<T> work, Func<T, string> describe)
    {
        Report(stage, 0);
        long start = Stopwatch.GetTimestamp();
        T result = work();
        Run?.Summary.Set($"{stage}.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
        Report(stage, 1, describe(result));
        return result;
    }

    /// <summary>Trains as the recipe says, with checkpoints in the run's folder, a line of metrics a step, and the record of the training.</summary>
    /// <param name="objective">What is learned.</param>
    /// <param name="train">Training data.</param>
    /// <param name="validation">What the objective is judged on; nothing where null.</param>
    /// <param name="description">What the report says of the training.</param>
    /// <returns>How it ended; the caller's.</returns>
    public TrainingResult Fit<TBatch>(Objective<TBatch> objective, ISampleSource<TBatch> train, ISampleSource<TBatch>? validation = null, TrainingDescription? description = null)
        where TBatch : IBatch
    {
        description ??= new();
        var checkpoints = new CheckpointFolder(Checkpoints);
        (long Step, long SamplesSeen)? saved = Resume && Run is not null ? checkpoints.Progress() : null;
        using MetricLog? log = Run is null ? null : saved is { } at ? MetricLog.Resume(Run, at.Step) : MetricLog.Create(Run);
        TrainingLog? listener = log is null ? null : new TrainingLog(log, _progress);
        Report("train", 0);
        TrainingResult result = OptionsException.Within("train", () => new Trainer(Recipe.SeededTraining).Fit(objective, train, new()
        {
            Validation = validation,
            Checkpoints = checkpoints,
            Resume = Resume,
            Progress = listener,
            Ranks = Ranks,
        }, CancellationToken));
        if (Run is null)
            return result;
        string[] notes = [.. result.Notes, .. listener!.LatestEvaluation is { } latest && description.Warning(latest) is { } warning ? new[] { warning } : []];
        ModelEma? exponential = result.Ema is { Options.Kind: EmaKind.Exponential } ? result.Ema : null;
        var record = new TrainRecord(result.Outcome, objective.Model.parameters().Sum(p => p.numel()), train.Count, validation?.Count ?? 0, description.TestSamples,
            result.State.Step, result.State.SamplesSeen, result.TrainingTime.TotalSeconds, result.SamplesPerSecond, result.FinalLoss,
            exponential?.Momentum, exponential?.HalfLifeInSamples)
        {
            Ranks = Ranks.Size,
            NoiseScale = result.NoiseScale?.Value,
            Notes = notes,
            Network = description.Network ?? Recipe.Model.Name,
            LossLabel = description.LossLabel,
            LossNote = description.LossNote,
            AccuracyLabel = description.AccuracyLabel,
            AccuracyNote = description.AccuracyNote,
            IsLossBounded = description.IsLossBounded,
        };
        new TrainWork().Keep(record, Run);
        Run.Summary.Save();
        if (result.Outcome != TrainingOutcome.Interrupted)
        {
            Report("train", 1, string.Create(CultureInfo.InvariantCulture,
                $"{record.Steps:N0} steps in {record.Seconds:0.0} s, {record.SamplesPerSecond:N0} samples/s, final loss {record.FinalLoss:0.000}{(result.Outcome == TrainingOutcome.StoppedEarly ? ", stopped early" : "")}"));
            if (notes.Length > 0)
                Report("note", 1, string.Join("; ", notes));
        }

        return result;
    }

    /// <summary>For work of a task that tells of itself.</summary>
    internal IProgress<StageProgress>? ToStages => _progress;

    internal void Report(string stage, double fraction, string? result = null) => _progress?.Report(new StageProgress(stage, fraction, result));
}
