using System.Diagnostics;
using System.Globalization;
using Espalier.Anomaly.Density;
using Espalier.Data;
using Espalier.Models;
using Espalier.Networks.Density;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>Judges a density of images on the test split.</summary>
internal static class DensityStage
{
    private const string Name = "evaluate";

    /// <summary>Evaluates saved weights and leaves record and numbers in a run's folder.</summary>
    /// <param name="recipe">Says which model.</param>
    /// <param name="run">Where to.</param>
    /// <param name="weights">A safetensors file.</param>
    /// <param name="test">The test split.</param>
    /// <param name="ema">Whether averaged weights are judged beside the others; where null, if there are any.</param>
    /// <param name="progress">Told how far it is.</param>
    public static DensityRecord Run(Recipe recipe, Run run, string weights, Dataset test, bool? ema, IProgress<StageProgress>? progress)
    {
        progress?.Report(new StageProgress(Name, 0));
        long start = Stopwatch.GetTimestamp();
        double Judge(string prefix)
        {
            using var model = (PixelCnn)RecipeNetwork.Load(recipe, weights, prefix, test.InputShape, 0, null);
            model.to(test.Device);
            var density = new DensityObjective(model, test);
            return density.Evaluate(density.ForEvaluation(test), default)["bitsPerDimension"];
        }

        var record = new DensityRecord(test.Count, test.InputShape.Aggregate(1L, (a, b) => a * b), Judge(""), ema ?? ModelWeights.HasEma(weights) ? Judge(ModelWeights.EmaPrefix) : null);
        StageFile.Write(run, "density", record);
        run.Summary.Set($"{Name}.bitsPerDimension", record.Raw);
        if (record.Ema is { } averaged)
            run.Summary.Set($"{Name}.ema.bitsPerDimension", averaged);
        run.Summary.Set($"{Name}.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
        run.Summary.Save();
        progress?.Report(new StageProgress(Name, 1, string.Create(CultureInfo.InvariantCulture, $"{record.Ema ?? record.Raw:0.000} bits for each pixel of the test images")));
        return record;
    }
}
