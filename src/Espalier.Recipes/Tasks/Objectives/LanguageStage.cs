using System.Diagnostics;
using System.Globalization;
using Espalier.Data;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>Judges a language model on the test split.</summary>
internal static class LanguageStage
{
    private const string Name = "evaluate";

    /// <summary>Evaluates saved weights and leaves record and numbers in a run's folder.</summary>
    /// <param name="recipe">Says which model.</param>
    /// <param name="language">The tokenizer of the data.</param>
    /// <param name="run">Where to.</param>
    /// <param name="weights">A safetensors file.</param>
    /// <param name="test">The test split.</param>
    /// <param name="ema">Whether averaged weights are judged beside the others; where null, if there are any.</param>
    /// <param name="progress">Told how far it is.</param>
    public static LanguageRecord Run(Recipe recipe, RecipeLanguage language, Run run, string weights, Dataset test, bool? ema, IProgress<StageProgress>? progress)
    {
        progress?.Report(new StageProgress(Name, 0));
        long start = Stopwatch.GetTimestamp();
        using Module model = TextRecipe.CreateModel(recipe with { Model = recipe.Model with { Weights = null } }, language, test.ClassCount);
        ObjectiveOnData objective = TextRecipe.CreateObjective(recipe, language, model);
        model.to(test.Device);
        model.eval();
        LanguageNumbers Judge(string prefix)
        {
            ModelWeights.Load(model, weights, prefix);
            IReadOnlyDictionary<string, double> n = objective.Evaluate(test);
            return new(n["loss"], n["perplexity"], n["accuracy"], n.TryGetValue("bitsPerCharacter", out double bits) ? bits : null);
        }

        bool averaged = ema ?? ModelWeights.HasEma(weights);
        var record = new LanguageRecord(recipe.Objective.Kind == ObjectiveKind.MaskedLanguageModel, language.Tokenizer.VocabularySize, test.Count, Judge(""), averaged ? Judge(ModelWeights.EmaPrefix) : null);
        StageFile.Write(run, "language", record);
        Summarize(run.Summary, Name, record.Raw);
        if (record.Ema is { } numbers)
            Summarize(run.Summary, $"{Name}.ema", numbers);
        run.Summary.Set($"{Name}.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
        run.Summary.Save();
        LanguageNumbers best = record.Ema ?? record.Raw;
        progress?.Report(new StageProgress(Name, 1, string.Create(CultureInfo.InvariantCulture,
            $"test perplexity {best.Perplexity:0.000}, {best.Loss:0.000} nats{(best.BitsPerCharacter is { } bits ? string.Create(CultureInfo.InvariantCulture, $", {bits:0.000} bits per character") : "")}")));
        return record;
    }

    private static void Summarize(RunSummary summary, string prefix, LanguageNumbers numbers)
    {
        summary.Set($"{prefix}.loss", numbers.Loss);
        summary.Set($"{prefix}.perplexity", numbers.Perplexity);
        summary.Set($"{prefix}.accuracy", numbers.Accuracy);
        if (numbers.BitsPerCharacter is { } bits)
            summary.Set($"{prefix}.bitsPerCharacter", bits);
    }
}
