using System.Globalization;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Language.FineTuning;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;
using Espalier.Training.Objectives;

namespace Espalier.Recipes;

/// <summary>Fine-tunes the model of a recipe over seeds and a small grid, into a run's folder.</summary>
public sealed class RecipeFineTuning
{
    private readonly Recipe _recipe;
    private readonly Run _run;
    private readonly torch.Device _device;

    /// <summary>Prepares a fine-tuning.</summary>
    /// <param name="recipe">Data, model with its pre-trained weights, training; of kind classification.</param>
    /// <param name="run">Where numbers and report go.</param>
    /// <param name="device">Where tensors live.</param>
    /// <exception cref="OptionsException">The recipe is not for text with classes.</exception>
    public RecipeFineTuning(Recipe recipe, Run run, torch.Device device)
    {
        Require(recipe);
        (_recipe, _run, _device) = (recipe, run, device);
    }

    /// <summary>Refuses a recipe that is not for text with classes, before a run's folder is made for it.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <exception cref="OptionsException">It is for something else.</exception>
    public static void Require(Recipe recipe)
    {
        OptionsException.Require(DataCatalog.Default.Find(recipe.Data.Name).IsText, "data.name", recipe.Data.Name, "must be text: other models are fine-tuned by 'espalier run' with model.weights");
        OptionsException.Require(!recipe.Objective.IsLanguageModel, "objective.kind", recipe.Objective.Kind, "must be classification: a language model is trained further by 'espalier run' with model.weights");
    }

    /// <summary>Runs it.</summary>
    /// <param name="options">Seeds and grid.</param>
    /// <param name="report">Told about each training; nobody where null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="EspalierException">Whatever is wrong with options, data or training; the run is marked as failed.</exception>
    public FineTuningResult Execute(FineTuningOptions options, Action<FineTuningTrial>? report, CancellationToken cancellationToken)
    {
        try
        {
            var tuner = new FineTuner(options);
            using RecipeData data = RecipeData.Load(_recipe);
            _run.Update(m => m with { DataChecksums = data.Loaded.Checksums });
            data.Save(_run.Folder);
            DatasetSplits splits = data.Loaded.Splits.To(_device);
            FineTuningResult result = tuner.Run(_recipe.Train, seed => Objective(seed, data, splits), splits, report, cancellationToken);
            Write(options, result);
            _run.Finish(RunStatus.Completed);
            return result;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _run.Finish(RunStatus.Interrupted);
            throw;
        }
        catch (EspalierException error)
        {
            _run.Finish(RunStatus.Failed, error.Message);
            throw;
        }
    }

    private OwnedObjective<LabelledBatch> Objective(int seed, RecipeData data, DatasetSplits splits)
    {
        TrainingObjective made = TrainingObjective.Create(_recipe with { Seed = seed }, splits.Train, data.Language);
        return new OwnedObjective<LabelledBatch>((Objective<LabelledBatch>)made.Objective, made);
    }

    private void Write(FineTuningOptions options, FineTuningResult result)
    {
        _run.Summary.Set("finetune.median", result.MedianTest);
        _run.Summary.Set("finetune.medianValidation", result.MedianValidation);
        _run.Summary.Set("finetune.learningRate", result.Seeds[0].LearningRate);
        _run.Summary.Set("finetune.batchSize", result.Seeds[0].BatchSize);
        foreach (FineTuningTrial trial in result.Seeds)
            _run.Summary.Set(string.Create(CultureInfo.InvariantCulture, $"finetune.seed{trial.Seed}"), trial.Test!.Value);
        _run.Summary.Save();
        var page = new HtmlReport($"Fine-tuning: {_recipe.Title}", string.Create(CultureInfo.InvariantCulture, $"{_run.Manifest.CreatedUtc:yyyy-MM-dd HH:mm} UTC, {_run.Manifest.Machine?.Cpu}"));
        page.Section("Result", $"The median test {options.Metric} over {result.Seeds.Count} seeds is {Format.Number(result.MedianTest, 4)}, from {_recipe.Model.Weights ?? "random weights"}.");
        page.Table(["seed", $"validation {options.Metric}", $"test {options.Metric}", "seconds"], result.Seeds.Select(t => (IReadOnlyList<string>)[$"{t.Seed}", Format.Number(t.Validation, 4), Format.Number(t.Test!.Value, 4), Format.Number(t.Seconds, 0)]));
        if (result.Grid.Count > 0)
        {
            page.Section("Choice", "Learning rate and batch size were chosen on the validation data with seed 1; the test data took no part in it.");
            page.Table(["learning rate", "batch size", $"validation {options.Metric}", "seconds"], result.Grid.Select(t => (IReadOnlyList<string>)[Format.Plain(t.LearningRate), $"{t.BatchSize}", Format.Number(t.Validation, 4), Format.Number(t.Seconds, 0)]));
        }

        page.Code(_run.Manifest.CommandLine ?? "");
        page.Save(_run.ReportPath);
    }
}
