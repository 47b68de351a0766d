using System.Diagnostics;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>Runs the stages that a recipe names on a trained model, each leaving its record and numbers as soon as it is done.</summary>
internal static class StageRunner
{
    /// <summary>Runs them in the order of the catalogue.</summary>
    /// <param name="recipe">Says which.</param>
    /// <param name="model">The model.</param>
    /// <param name="run">Where records and numbers go.</param>
    /// <param name="progress">Told how far each stage is.</param>
    /// <param name="cancellationToken">Ends the stage under way.</param>
    public static void Run(Recipe recipe, TrainedModel model, Run run, IProgress<StageProgress>? progress, CancellationToken cancellationToken)
    {
        foreach (IRecipeStage stage in recipe.Catalog.Stages)
        {
            if (recipe.Section(stage.OptionsType) is not { } options || !stage.Applies(model))
                continue;
            string key = ((RecordedWork)stage).Key;
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new StageProgress(key, 0));
            long start = Stopwatch.GetTimestamp();
            string result = stage.Execute(model, options, new StageContext(recipe, run, recipe.Seed, new Part(key, progress), cancellationToken));
            run.Summary.Set($"{key}.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
            run.Summary.Save();
            progress?.Report(new StageProgress(key, 1, result));
        }
    }

    private sealed class Part(string stage, IProgress<StageProgress>? progress) : IProgress<double>
    {
        public void Report(double value) => progress?.Report(new StageProgress(stage, value));
    }
}
