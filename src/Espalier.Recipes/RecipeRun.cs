using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Espalier.Communication;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Recipes.Reports;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;
using Espalier.Training.Averages;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;

namespace Espalier.Recipes;

/// <summary>
/// Runs a recipe from data to report into a run's folder. Each stage leaves a record and its numbers as soon as it is
/// done, so that a run that ends early has lost nothing that was finished.
/// </summary>
public sealed class RecipeRun
{
    private readonly Recipe _recipe;
    private readonly Run _run;
    private readonly torch.Device _device;
    private readonly IProgress<StageProgress>? _progress;
    private readonly ICommunicator _ranks;

    /// <summary>Prepares the run of a recipe.</summary>
    /// <param name="recipe">What to run; checked.</param>
    /// <param name="run">Where everything is written.</param>
    /// <param name="device">Where tensors live.</param>
    /// <param name="progress">Told how far each stage is, on the calling thread.</param>
    /// <param name="ranks">The processes that train together, of which this is rank 0 and the others run a <see cref="RecipeWorker"/>; this one alone where null.</param>
    public RecipeRun(Recipe recipe, Run run, torch.Device device, IProgress<StageProgress>? progress = null, ICommunicator? ranks = null) =>
        (_recipe, _run, _device, _progress, _ranks) = (recipe, run, device, progress, ranks ?? SingleProcess.Instance);

    /// <summary>The options of a recipe as a run's manifest keeps them.</summary>
    public static System.Text.Json.Nodes.JsonNode OptionsOf(Recipe recipe) => JsonSerializer.SerializeToNode(recipe, RecipeJson.Options)!;

    /// <summary>The recipe that a run was started with.</summary>
    /// <exception cref="DataException">The manifest holds none.</exception>
    public static Recipe RecipeOf(Run run) => run.Manifest.Options is { } options
        ? RecipeDocument.Parse(run.ManifestPath, options.ToJsonString()).Bind()
        : throw new DataException(run.ManifestPath, "holds no options", "name the folder of a run made by 'espalier run'");

    /// <summary>Runs all stages. What is left of an earlier sitting is continued.</summary>
    /// <param name="resume">Continue from the last checkpoint of the run.</param>
    /// <param name="cancellationToken">Ends the training after the current step with a checkpoint, or the stage under way.</param>
    /// <returns>Whether it was completed; otherwise it was cancelled.</returns>
    /// <exception cref="EspalierException">Whatever is wrong with options, data or training; the run is marked as failed.</exception>
    public bool Execute(bool resume, CancellationToken cancellationToken)
    {
        try
        {
            bool completed = Stages(resume, cancellationToken);
            _run.Finish(completed ? RunStatus.Completed : RunStatus.Interrupted);
            return completed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _run.Finish(RunStatus.Interrupted);
            return false;
        }
        catch (EspalierException error)
        {
            _run.Finish(RunStatus.Failed, error.Message);
            throw;
        }
    }

    /// <summary>Refuses data that are not those a run was made with.</summary>
    /// <exception cref="DataException">A file has changed.</exception>
    internal static void RequireSameData(Run run, LoadedData data)
    {
        foreach ((string file, string checksum) in run.Manifest.DataChecksums)
        {
            if (data.Checksums.TryGetValue(file, out string? now) && now != checksum)
                throw new DataException(file, $"has changed since the run: sha256 {now} instead of {checksum}", "restore the file, or run the recipe anew");
        }
    }

    /// <summary>Refuses ranks that would train something else. Every rank must call it.</summary>
    /// <exception cref="DistributedException">Recipes or data differ.</exception>
    internal static void RequireAgreement(ICommunicator ranks, Recipe recipe, LoadedData data)
    {
        RankAgreement.Require(ranks, "the recipe", OptionsOf(recipe).ToJsonString());
        RankAgreement.Require(ranks, "the data", JsonSerializer.Serialize(data.Checksums.OrderBy(c => c.Key, StringComparer.Ordinal).ToDictionary(c => Path.GetFileName(c.Key), c => c.Value)));
    }

    private bool Stages(bool resume, CancellationToken cancellationToken)
    {
        Stopwatch clock = Stopwatch.StartNew();
        double earlier = resume ? _run.Summary["total.seconds"] ?? 0 : 0;
        using RecipeData data = Timed("data", () => RecipeData.Load(_recipe, _run.Folder), d => d.Describe());
        LoadedData loaded = data.Loaded;
        Set("data.samples", loaded.Samples);
        Set("data.leftOut", loaded.LeftOut);
        DatasetSplits splits = loaded.Splits.To(_device);
        RequireSameData(_run, loaded);
        RequireAgreement(_ranks, _recipe, loaded);
        _run.Update(m => m with { DataChecksums = loaded.Checksums });
        ValidateFor(splits);
        data.Save(_run.Folder);

        bool trained = Train(data, splits, resume, cancellationToken);
        Set("total.seconds", earlier + clock.Elapsed.TotalSeconds);
        if (!trained)
            return false;
        Audit(data, splits, cancellationToken);
        Report("report", 0);
        Set("total.seconds", earlier + clock.Elapsed.TotalSeconds);
        using (var process = Process.GetCurrentProcess())
            Set("memory.peakMiB", process.PeakWorkingSet64 / 1048576.0);
        _run.Summary.Save();
        RunReport.Write(_run, _recipe);
        Report("report", 1, "written");
        return true;
    }

    /// <summary>What an audit would refuse after the training is refused before it.</summary>
    private void ValidateFor(DatasetSplits splits)
    {
        OptionsException.Within("train", () => _recipe.SeededTraining.ValidateFor(splits.Train.Count));
        if (!splits.Test.IsTokens)
            OptionsException.Within("detect", () => _recipe.Detect?.ValidateFor(splits.Test.InputShape));
        OptionsException.Within("explain", () => _recipe.Explain?.ValidateFor(splits.Test.ClassCount));
    }

    private bool Train(RecipeData data, DatasetSplits splits, bool resume, CancellationToken cancellationToken)
    {
        Report("train", 0);
        using TrainingObjective trained = TrainingObjective.Create(_recipe, splits.Train, data.Language);
        var checkpoints = new CheckpointFolder(_run.CheckpointFolder);
        (long Step, long SamplesSeen)? saved = resume ? checkpoints.Progress() : null;
        using MetricLog log = saved is { } at ? MetricLog.Resume(_run, at.Step) : MetricLog.Create(_run);
        var listener = new TrainingLog(log, _progress);
        using TrainingResult result = OptionsException.Within("train", () => trained.OnData.Fit(_recipe.SeededTraining, splits, new() { Checkpoints = checkpoints, Resume = resume, Progress = listener, Ranks = _ranks }, cancellationToken));
        string[] notes = [.. result.Notes, .. new[] { Collapse.Warning(listener.LatestEvaluation) }.OfType<string>()];
        ModelEma? exponential = result.Ema is { Options.Kind: EmaKind.Exponential } ? result.Ema : null;
        var record = new TrainRecord(result.Outcome, trained.Objective.Model.parameters().Sum(p => p.numel()), splits.Train.Count, splits.Validation.Count, splits.Test.Count,
            result.State.Step, result.State.SamplesSeen, result.TrainingTime.TotalSeconds, result.SamplesPerSecond, result.FinalLoss,
            exponential?.Momentum, exponential?.HalfLifeInSamples)
        {
            Ranks = _ranks.Size,
            NoiseScale = result.NoiseScale?.Value,
            Notes = notes,
        };
        StageFile.Write(_run, "train", record);
        Set("train.seconds", record.Seconds);
        Set("train.samplesPerSecond", record.SamplesPerSecond);
        Set("train.steps", record.Steps);
        Set("train.loss", record.FinalLoss);
        Set("model.parameters", record.Parameters);
        if (record.NoiseScale is { } noise)
            Set("train.noiseScale", noise);
        _run.Summary.Save();
        if (result.Outcome == TrainingOutcome.Interrupted)
            return false;
        trained.Save(_recipe, splits.Train, _run.WeightsPath, result.Ema, new Dictionary<string, string> { ["espalier.model"] = JsonSerializer.Serialize(_recipe.Model, RecipeJson.Options) });
        Report("train", 1, string.Create(CultureInfo.InvariantCulture,
            $"{record.Steps:N0} steps in {record.Seconds:0.0} s, {record.SamplesPerSecond:N0} samples/s, final loss {record.FinalLoss:0.000}{(result.Outcome == TrainingOutcome.StoppedEarly ? ", stopped early" : "")}"));
        if (notes.Length > 0)
            Report("note", 1, string.Join("; ", notes));
        return true;
    }

    private void Audit(RecipeData data, DatasetSplits splits, CancellationToken cancellationToken)
    {
        if (!_recipe.Objective.HasClasses)
        {
            LikelihoodAudit.Run(_recipe, data.Language, _run, _run.WeightsPath, splits, null, _progress, cancellationToken);
            return;
        }

        using AuditedModel raw = AuditedModel.Load(_recipe, _run.WeightsPath, splits.Test, _device, ema: false, data.Language);
        using AuditedModel? averaged = _recipe.Train.Ema is null ? null : AuditedModel.Load(_recipe, _run.WeightsPath, splits.Test, _device, ema: true, data.Language);
        var audit = new AuditStages(_recipe, _run, splits, (averaged ?? raw).Network, (averaged ?? raw).Classifier, _progress, cancellationToken, data.Language);
        if (_recipe.Probe is { } probe)
            audit.Probe(probe, splits, raw, averaged, _run.WeightsPath);
        if (_recipe.Evaluate is { } evaluate)
            audit.Evaluate(evaluate, raw.Classifier, averaged?.Classifier);
        if (_recipe.Attack is { } attack)
            audit.Attack(attack);
        if (_recipe.Detect is { } detect)
            audit.Detect(detect);
        if (_recipe.Explain is { } explain)
            audit.Explain(explain);
    }

    private T Timed<T>(string stage, Func<T> work, Func<T, string> describe)
    {
        Report(stage, 0);
        long start = Stopwatch.GetTimestamp();
        T result = work();
        Set($"{stage}.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
        Report(stage, 1, describe(result));
        return result;
    }

    private void Set(string name, double value) => _run.Summary.Set(name, value);

    private void Report(string stage, double fraction, string? result = null) => _progress?.Report(new StageProgress(stage, fraction, result));

    /// <summary>Passes the trainer's reports on: to the metric log and to whoever watches.</summary>
    private sealed class TrainingLog(MetricLog log, IProgress<StageProgress>? progress) : IProgress<TrainingProgress>
    {
        /// <summary>The numbers of the latest evaluation; null before the first.</summary>
        public IReadOnlyDictionary<string, double>? LatestEvaluation { get; private set; }

        public void Report(TrainingProgress value)
        {
            LatestEvaluation = value.Evaluation ?? LatestEvaluation;
            var numbers = new Dictionary<string, double>
            {
                ["train.loss"] = value.Loss,
                ["train.learningRate"] = value.LearningRate,
                ["train.gradientNorm"] = value.GradientNorm,
                ["train.samplesPerSecond"] = value.SamplesPerSecond,
            };
            if (!double.IsNaN(value.Accuracy))
                numbers["train.accuracy"] = value.Accuracy;
            if (!double.IsNaN(value.EmaMomentum))
                numbers["train.emaMomentum"] = value.EmaMomentum;
            foreach ((string name, double number) in value.Evaluation ?? new Dictionary<string, double>())
                numbers[$"validation.{name}"] = number;
            log.Write(value.State.Step, numbers);
            progress?.Report(new StageProgress("train", (double)value.State.SamplesSeen / value.State.TotalSamples, null, value));
        }
    }
}
