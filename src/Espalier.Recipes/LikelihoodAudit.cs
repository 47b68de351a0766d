using Espalier.Data;
using Espalier.Models;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes;

/// <summary>The audits of a model that tells how likely an input is rather than its class: a language model or a density of images.</summary>
internal static class LikelihoodAudit
{
    /// <summary>Runs the audits that a recipe names.</summary>
    /// <param name="recipe">Says which model and which audits.</param>
    /// <param name="language">The tokenizer of the data where it is text.</param>
    /// <param name="run">Where records and numbers go.</param>
    /// <param name="weights">A safetensors file.</param>
    /// <param name="splits">The data, on the device.</param>
    /// <param name="ema">Whether the averaged weights are taken; where null, if there are any.</param>
    /// <param name="progress">Told how far each stage is.</param>
    /// <param name="cancellationToken">Ends the stage under way.</param>
    public static void Run(Recipe recipe, RecipeLanguage? language, Run run, string weights, DatasetSplits splits, bool? ema, IProgress<StageProgress>? progress, CancellationToken cancellationToken)
    {
        if (recipe.Evaluate is not null && language is not null)
            LanguageStage.Run(recipe, language, run, weights, splits.Test, ema, progress);
        else if (recipe.Evaluate is not null)
            DensityStage.Run(recipe, run, weights, splits.Test, ema, progress);
        if (recipe.Detect is not { } detect)
            return;
        string prefix = ema ?? ModelWeights.HasEma(weights) ? ModelWeights.EmaPrefix : "";
        using Module network = RecipeNetwork.Load(recipe, weights, prefix, splits.Test.InputShape, splits.Test.ClassCount, language);
        network.to(splits.Test.Device);
        new AuditStages(recipe, run, splits, network, null, progress, cancellationToken, language).Detect(detect);
    }
}
