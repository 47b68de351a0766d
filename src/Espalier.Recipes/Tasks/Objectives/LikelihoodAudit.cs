using Espalier.Data;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>Judges a model that tells how likely an input is rather than its class: a language model or a density of images.</summary>
internal static class LikelihoodAudit
{
    /// <summary>Evaluates it where the recipe says so, and opens it for the stages.</summary>
    /// <param name="recipe">Says which model.</param>
    /// <param name="language">The tokenizer of the data where it is text.</param>
    /// <param name="run">Where records and numbers go.</param>
    /// <param name="weights">A safetensors file.</param>
    /// <param name="splits">The data, on the device.</param>
    /// <param name="ema">Whether the averaged weights are taken; where null, if there are any.</param>
    /// <param name="progress">Told how far the evaluation is.</param>
    /// <returns>The caller's.</returns>
    public static AuditSubject Judge(Recipe recipe, RecipeLanguage? language, Run run, string weights, DatasetSplits splits, bool? ema, IProgress<StageProgress>? progress)
    {
        if (recipe.Evaluate is not null && language is not null)
            LanguageStage.Run(recipe, language, run, weights, splits.Test, ema, progress);
        else if (recipe.Evaluate is not null)
            DensityStage.Run(recipe, run, weights, splits.Test, ema, progress);
        string prefix = ema ?? ModelWeights.HasEma(weights) ? ModelWeights.EmaPrefix : "";
        Module network = RecipeNetwork.Load(recipe, weights, prefix, splits.Test.InputShape, splits.Test.ClassCount, language);
        network.to(splits.Test.Device);
        return new AuditSubject(network, null, splits, network)
        {
            Texts = language is null ? null : text => RecipeOutliers.TextForTest(text, recipe, language, splits.Test.Device),
        };
    }
}
