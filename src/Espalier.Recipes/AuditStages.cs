using System.Diagnostics;
using System.Globalization;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Encoders;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;
using Espalier.Training.Normalization;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes;

/// <summary>The audits of one trained model, each leaving its record and numbers in a run's folder.</summary>
internal sealed class AuditStages(Recipe recipe, Run run, DatasetSplits splits, Module network, IDifferentiableClassifier? classifier, IProgress<StageProgress>? progress, CancellationToken cancellationToken, RecipeLanguage? language = null)
{
    /// <summary>Probes the encoders; a self-supervised model takes the linear probes as its heads, and its file is written anew.</summary>
    public ProbeRecord Probe(ProbeOptions options, DatasetSplits data, AuditedModel raw, AuditedModel? averaged, string? weightsToComplete) => Stage(
        "probe",
        context =>
        {
            var probed = new List<ProbedFeatures> { ProbeStage.Run(raw.IsEma ? "averaged encoder" : "encoder", (EncoderClassifier)raw.Network, data, options, context.CancellationToken) };
            if (averaged is not null)
                probed.Add(ProbeStage.Run("averaged encoder", (EncoderClassifier)averaged.Network, data, options, context.CancellationToken));
            if (weightsToComplete is not null && recipe.Objective.IsSelfSupervised)
                Complete(weightsToComplete, raw.Network, averaged?.Network);
            if (options.Baselines)
            {
                using var untrained = new EncoderClassifier(recipe.Model.Encoder.Create(data.Train.InputShape, recipe.Seed), data.Train.ClassCount, recipe.Seed);
                untrained.to(data.Train.Device);

                // An untrained encoder needs running statistics of its own before it can be judged fairly.
                BatchNormStatistics.Recalibrate(untrained, data.Train, batchSize: 128, batches: 40);
                probed.Add(ProbeStage.Run("untrained encoder", untrained, data, options, context.CancellationToken));
                probed.Add(ProbeStage.RunRaw(data, options, context.CancellationToken));
            }

            return new ProbeRecord(data.Train.Count, data.Test.Count, probed);
        },
        ProbeStage.Summarize,
        r => string.Join(", ", r.Probed.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Features} {p.Linear:P1} linear, {p.Knn:P1} neighbours"))));

    public EvaluateRecord Evaluate(EvaluateOptions options, IScoringClassifier raw, IScoringClassifier? averaged) => Stage(
        "evaluate",
        context => new EvaluateRecord(context.Test.ClassNames, context.Test.Count,
            EvaluateStage.Run(raw, context.Test, options), averaged is null ? null : EvaluateStage.Run(averaged, context.Test, options)),
        r => [.. EvaluateStage.Summarize("evaluate", r.Raw), .. r.Ema is null ? [] : EvaluateStage.Summarize("evaluate.ema", r.Ema)],
        r => string.Create(CultureInfo.InvariantCulture, $"test accuracy {r.Raw.Accuracy:P2}{(r.Ema is null ? "" : string.Create(CultureInfo.InvariantCulture, $", averaged weights {r.Ema.Accuracy:P2}"))}"));

    public AttackRecord Attack(AttackOptions options) => Stage(
        "attack",
        context => AttackStage.Run(context, options),
        AttackStage.Summarize,
        Describe);

    public DetectRecord Detect(DetectOptions options) => Stage(
        "detect",
        context => DetectStage.Run(context, options),
        DetectStage.Summarize,
        r => "AUROC " + string.Join(", ", r.Outliers.Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Kind} {o.Auroc:0.000}"))));

    public ExplainRecord Explain(ExplainOptions options) => Stage(
        "explain",
        context => ExplainStage.Run(context, options),
        ExplainStage.Summarize,
        r => string.Create(CultureInfo.InvariantCulture, $"{r.Explanations.Count(e => e.Valid)} of {r.Explanations.Count} decisions turned"));

    internal static string Describe(AttackRecord record) => "accuracy left: " + string.Join(", ",
    [
        .. record.Curves.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Middle.RobustAccuracy:P1} at {Reports.Norms.Name(c.Norm)} {c.Middle.Epsilon}")),
        .. record.Policies.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Report.RobustAccuracy:P1} under {p.Name} at {Reports.Norms.Name(p.Report.Norm)} {p.Report.Epsilon}")),
    ]);

    private static void Complete(string path, torch.nn.Module raw, torch.nn.Module? averaged)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        IReadOnlyDictionary<string, string> metadata = file.Metadata;
        IEnumerable<KeyValuePair<string, Tensor>> tensors = raw.state_dict().Select(t => new KeyValuePair<string, Tensor>(t.Key, t.Value))
            .Concat((averaged?.state_dict() ?? []).Select(t => new KeyValuePair<string, Tensor>(ModelWeights.EmaPrefix + t.Key, t.Value)));
        SafetensorsFile.Write(path, [.. tensors], metadata);
    }

    private T Stage<T>(string name, Func<AuditContext, T> work, Func<T, IEnumerable<(string Name, double Value)>> summarize, Func<T, string> describe)
    {
        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new StageProgress(name, 0));
        long start = Stopwatch.GetTimestamp();
        T record = OptionsException.Within(name, () => work(new AuditContext(recipe, network, classifier, splits.Train, splits.Test, recipe.Seed, new StagePart(name, progress), cancellationToken)
        {
            Texts = language is null ? null : text => RecipeOutliers.TextForTest(text, recipe, language, splits.Test.Device),
        }));
        StageFile.Write(run, name, record);
        foreach ((string key, double value) in summarize(record))
            run.Summary.Set(key, value);
        run.Summary.Set($"{name}.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
        run.Summary.Save();
        progress?.Report(new StageProgress(name, 1, describe(record)));
        return record;
    }

    private sealed class StagePart(string stage, IProgress<StageProgress>? progress) : IProgress<double>
    {
        public void Report(double value) => progress?.Report(new StageProgress(stage, value));
    }
}
