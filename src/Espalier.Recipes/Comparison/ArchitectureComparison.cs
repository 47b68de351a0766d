using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Vision;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Comparison;

/// <summary>
/// Several architectures trained by one recipe, the same data, budget and seed for each: a run each, and one table and plot
/// over all of them.
/// </summary>
public sealed class ArchitectureComparison
{
    private readonly Recipe _recipe;
    private readonly IReadOnlyList<string> _architectures;
    private readonly bool _matchParameters;

    /// <summary>Prepares a comparison.</summary>
    /// <param name="recipe">What is trained; its model is the one that the others are matched to.</param>
    /// <param name="architectures">Families or presets, at least two.</param>
    /// <param name="matchParameters">Whether to shape each to as many parameters as the recipe's model has.</param>
    /// <exception cref="OptionsException">Fewer than two architectures, or the recipe is not one of classification.</exception>
    public ArchitectureComparison(Recipe recipe, IReadOnlyList<string> architectures, bool matchParameters)
    {
        OptionsException.Require(architectures.Distinct().Count() >= 2, "arch", string.Join(",", architectures), "must name at least two architectures, such as gmlp,vit");
        OptionsException.Require(recipe.Objective.Kind == ObjectiveKind.Classification && !ModelZoo.IsText(recipe.Model.Name), "recipe", recipe.Name, "must be one that classifies images");
        (_recipe, _architectures, _matchParameters) = (recipe, [.. architectures.Distinct()], matchParameters);
    }

    /// <summary>Trains them all.</summary>
    /// <param name="run">The comparison's own folder; each architecture's run lies in one of its own within.</param>
    /// <param name="device">Where tensors live.</param>
    /// <param name="started">Told which architecture is next.</param>
    /// <param name="progress">Told how far its stages are.</param>
    /// <param name="cancellationToken">Ends after the current step.</param>
    /// <returns>One row per architecture that was trained, in order.</returns>
    public IReadOnlyList<ComparedArchitecture> Execute(Run run, torch.Device device, Action<string>? started, IProgress<StageProgress>? progress, CancellationToken cancellationToken)
    {
        (IReadOnlyList<long> inputShape, int classes) = Shape();
        var rows = new List<ComparedArchitecture>();
        foreach (string architecture in _architectures)
        {
            ModelOptions model = _matchParameters
                ? OptionsException.Within("model", () => ParameterMatcher.Match(architecture, _recipe.Model, inputShape, classes))
                : ParameterMatcher.Families.Contains(architecture) ? ParameterMatcher.Like(architecture, _recipe.Model) : _recipe.Model with { Name = architecture };
            Recipe recipe = (_recipe with { Name = $"{_recipe.Name}-{architecture}", Model = model, Expected = new Dictionary<string, double>() })
                .Without<AttackOptions>().Without<DetectOptions>().Without<ExplainOptions>().With(_recipe.Evaluate ?? new());
            recipe.Validate();
            started?.Invoke(architecture);
            string folder = Path.Combine(run.Folder, architecture);
            var manifest = run.Manifest with { Name = recipe.Name, Kind = "run", Options = RecipeRun.OptionsOf(recipe), Seed = recipe.Seed };
            using Run each = Run.CreateAt(folder, manifest);
            if (!new RecipeRun(recipe, each, device, progress).Execute(resume: false, cancellationToken))
                break;
            rows.Add(Row(architecture, each, model, inputShape, classes));
            ComparisonReport.Write(run, _recipe, rows, _matchParameters);
        }

        foreach (ComparedArchitecture row in rows)
        {
            run.Summary.Set($"{row.Name}.accuracy", row.Accuracy);
            run.Summary.Set($"{row.Name}.parameters", row.Parameters);
        }

        run.Summary.Save();
        run.Finish(rows.Count == _architectures.Count ? RunStatus.Completed : RunStatus.Interrupted);
        return rows;
    }

    private (IReadOnlyList<long> InputShape, int Classes) Shape()
    {
        using LoadedData data = OptionsException.Within("data", () => DataCatalog.Default.Load(_recipe.Data));
        return ([.. data.Splits.Train.InputShape], data.Splits.Train.ClassCount);
    }

    private static ComparedArchitecture Row(string name, Run run, ModelOptions model, IReadOnlyList<long> inputShape, int classes)
    {
        EvaluateRecord evaluate = StageFile.Read<EvaluateRecord>(run, "evaluate")!;
        TrainRecord train = StageFile.Read<TrainRecord>(run, "train")!;
        EvaluationNumbers numbers = evaluate.Ema ?? evaluate.Raw;
        using torch.nn.Module network = ModelZoo.Create(model, inputShape, classes, 0);
        double stepsPerEpoch = train.Steps / Math.Max(1e-9, (double)train.SamplesSeen / train.TrainSamples);
        string curve = evaluate.Ema is null ? "validation.accuracy" : "validation.ema.accuracy";
        return new ComparedArchitecture(name, train.Parameters, (network as VisionNetwork)?.MultiplyAdds, numbers.Accuracy, numbers.LogLoss, numbers.Ece, train.SamplesPerSecond, train.Seconds)
        {
            Curve = [.. MetricLog.Read(run.MetricsPath).Where(m => m.Values.ContainsKey(curve)).Select(m => (m.Step / stepsPerEpoch, m.Values[curve]))],
        };
    }
}
