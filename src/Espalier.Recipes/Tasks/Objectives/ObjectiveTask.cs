using System.Text.Json;
using Espalier.Communication;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;
using Espalier.Training.Loop;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>Trains one of the objectives of classifiers, encoders, densities and language models, on data of the catalogue.</summary>
internal sealed class ObjectiveTask : RecipeTask<ObjectiveOptions>
{
    public override string Kind => "objective";

    public override IReadOnlyList<RecordedWork> Works { get; } = [new SpatialWork(), new LanguageWork(), new DensityWork()];

    public override void Validate(ObjectiveOptions options, Recipe recipe)
    {
        OptionsException.Within("data", recipe.Data.Validate);
        bool isText = DataCatalog.Default.Find(recipe.Data.Name).IsText;
        (ModelOptions model, ObjectiveKind kind) = (recipe.Model, options.Kind);
        OptionsException.Within("model", model.Validate);
        OptionsException.Within("objective", options.Validate);
        if (isText)
            TextRecipe.Validate(recipe);
        OptionsException.Require(isText || !options.IsLanguageModel, "objective.kind", kind, $"is for text: '{recipe.Data.Name}' holds none");
        OptionsException.Require(isText || !ModelZoo.TextNames.Contains(model.Name), "model.name", model.Name, $"is for text: '{recipe.Data.Name}' holds none");
        OptionsException.Require(isText || options.WordDropout == 0, "objective.wordDropout", options.WordDropout, $"is for text: '{recipe.Data.Name}' holds none");
        bool isDensity = kind == ObjectiveKind.Density;
        OptionsException.Require(ModelZoo.DensityNames.Contains(model.Name) == isDensity, "model.name", model.Name,
            isDensity ? $"must be a density: {string.Join(", ", ModelZoo.DensityNames)}" : "is a density: it belongs to kind density");
        if (isDensity)
            ValidateDensity(recipe);
        OptionsException.Require(recipe.Probe is null || !options.HasExtraOutput, "probe", "set", "looks at an encoder with a plain head: leave the section out with an extra output");
        OptionsException.Require(model.Name == "encoder" || !options.IsSelfSupervised, "model.name", model.Name, $"must be \"encoder\" with the objective {kind.ToString().ToLowerInvariant()}");
        OptionsException.Require(model.Name == "encoder" || recipe.Probe is null, "model.name", model.Name, "must be \"encoder\" for a probe");
        OptionsException.Require(recipe.Probe is not null || !options.IsSelfSupervised || (recipe.Evaluate, recipe.Attack, recipe.Detect, recipe.Explain) == (null, null, null, null), "probe", null, "must be given: without labels the model has no head for the audits");
        OptionsException.Require(recipe.Train.Ema is not null || kind is not (ObjectiveKind.Byol or ObjectiveKind.Dino or ObjectiveKind.PseudoLabels), "train.ema", null, "must be given: the teacher is the moving average");
    }

    public override TrainedModel? Run(ObjectiveOptions options, TaskContext context)
    {
        Recipe recipe = context.Recipe;
        RecipeData data = context.Timed("data", () => RecipeData.Load(recipe, context.Run?.Folder), d => d.Describe());
        try
        {
            TrainedModel? model = Train(options, context, data);
            if (model?.As<AuditSubject>() is null)
                data.Dispose();
            return model;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Trains, and opens the model for the stages; it then owns the data.</summary>
    private static TrainedModel? Train(ObjectiveOptions options, TaskContext context, RecipeData data)
    {
        Recipe recipe = context.Recipe;
        LoadedData loaded = data.Loaded;
        DatasetSplits splits = loaded.Splits.To(context.Device);
        RankAgreement.Require(context.Ranks, "the data", JsonSerializer.Serialize(loaded.Checksums.OrderBy(c => c.Key, StringComparer.Ordinal).ToDictionary(c => Path.GetFileName(c.Key), c => c.Value)));
        if (context.Run is { } run)
        {
            run.Summary.Set("data.samples", loaded.Samples);
            run.Summary.Set("data.leftOut", loaded.LeftOut);
            RequireSameData(run, loaded);
            run.Update(m => m with { DataChecksums = loaded.Checksums });
            ValidateFor(recipe, splits);
            data.Save(run.Folder);
        }

        using TrainingObjective trained = TrainingObjective.Create(recipe, splits.Train, data.Language);
        using TrainingResult result = trained.OnData.Fit(context, splits, Description(options, splits));
        if (result.Outcome == TrainingOutcome.Interrupted)
            return null;
        if (context.Run is null)
            return new TrainedModel();
        trained.Save(recipe, splits.Train, context.Run.WeightsPath, result.Ema, new Dictionary<string, string> { ["espalier.model"] = JsonSerializer.Serialize(recipe.Model, RecipeJson.Options) });
        if (recipe.Model.Name.StartsWith("gmlp", StringComparison.Ordinal))
            new SpatialWork().Keep(new SpatialRecord(recipe.Model.Name), context.Run);
        return Subject(recipe, context, data, splits);
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

    // The stages outlive this method: what they look at is loaded for them.
    private static TrainedModel Subject(Recipe recipe, TaskContext context, RecipeData data, DatasetSplits splits)
    {
        Run run = context.Run!;
        if (!recipe.Objective.HasClasses)
            return new TrainedModel(LikelihoodAudit.Judge(recipe, data.Language, run, run.WeightsPath, splits, null, context.ToStages), data);
        AuditedModel raw = AuditedModel.Load(recipe, run.WeightsPath, splits.Test, context.Device, ema: false, data.Language);
        AuditedModel? averaged = recipe.Train.Ema is null ? null : AuditedModel.Load(recipe, run.WeightsPath, splits.Test, context.Device, ema: true, data.Language);
        AuditedModel judged = averaged ?? raw;
        return new TrainedModel(new AuditSubject(judged.Network, judged.Classifier, splits, [raw, .. averaged is null ? (IDisposable[])[] : [averaged]])
        {
            Raw = raw.Classifier,
            Averaged = averaged?.Classifier,
            Probed = averaged is null ? [raw] : [raw, averaged],
            WeightsToComplete = run.WeightsPath,
            Texts = data.Language is { } language ? text => RecipeOutliers.TextForTest(text, recipe, language, splits.Test.Device) : null,
        }, data);
    }

    private static TrainingDescription Description(ObjectiveOptions options, DatasetSplits splits) => new()
    {
        LossLabel = options.IsSelfSupervised ? "loss of the objective" : options.Kind == ObjectiveKind.Density ? "nats for each pixel" : "cross-entropy, nats",
        IsLossBounded = !options.IsSelfSupervised,
        LossNote = options.LabelSmoothing > 0 ? "The training loss includes the label smoothing, which the validation loss does not." : null,
        AccuracyLabel = options.IsSelfSupervised ? "linear head in training (smoothed)" : "training (smoothed)",
        AccuracyNote = options.IsSelfSupervised ? "The linear head watches the features and does not teach them." : null,
        TestSamples = splits.Test.Count,
        Warning = Collapse.Warning,
    };

    /// <summary>What a stage would refuse after the training is refused before it.</summary>
    private static void ValidateFor(Recipe recipe, DatasetSplits splits)
    {
        OptionsException.Within("train", () => recipe.SeededTraining.ValidateFor(splits.Train.Count));
        if (!splits.Test.IsTokens)
            OptionsException.Within("detect", () => recipe.Detect?.ValidateFor(splits.Test.InputShape));
        OptionsException.Within("explain", () => recipe.Explain?.ValidateFor(splits.Test.ClassCount));
    }

    private static void ValidateDensity(Recipe recipe)
    {
        OptionsException.Require(!recipe.Data.Standardize, "data.standardize", true, "must be false for a density: it is of pixels from 0 to 1");
        foreach ((object? section, string name) in new (object?, string)[] { (recipe.Probe, "probe"), (recipe.Attack, "attack"), (recipe.Explain, "explain") })
            OptionsException.Require(section is null, name, "set", "needs classes, and a density has none: leave the section out");
    }
}
