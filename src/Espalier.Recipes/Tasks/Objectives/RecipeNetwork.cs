using Espalier.Anomaly.Exposure;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>The network of a recipe as its objective trains it and its audits judge it: with an extra output where there is one.</summary>
internal static class RecipeNetwork
{
    /// <summary>Makes it, on the CPU; weights that the recipe starts from are not loaded but for text.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="inputShape">Shape of one input.</param>
    /// <param name="classes">Number of classes; unused where the objective has none.</param>
    /// <param name="language">The tokenizer of the data where it is text.</param>
    public static Module Create(Recipe recipe, IReadOnlyList<long> inputShape, int classes, RecipeLanguage? language)
    {
        if (language is not null)
            return TextRecipe.CreateModel(recipe, language, classes);
        if (recipe.Objective.Kind == ObjectiveKind.Density)
            return ModelZoo.CreateDensity(recipe.Model, inputShape, recipe.Seed);
        return recipe.Objective.HasExtraOutput
            ? ExtraOutput.Create(recipe.Model, inputShape, classes, recipe.Seed)
            : ModelZoo.Create(recipe.Model, inputShape, classes, recipe.Seed);
    }

    /// <summary>Makes it with trained weights, on the CPU and in evaluation mode.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="weights">A safetensors file of the whole network.</param>
    /// <param name="prefix">What the names in the file begin with.</param>
    /// <param name="inputShape">Shape of one input.</param>
    /// <param name="classes">Number of classes; unused where the objective has none.</param>
    /// <param name="language">The tokenizer of the data where it is text.</param>
    /// <exception cref="CheckpointException">The file is broken, or is another network's.</exception>
    public static Module Load(Recipe recipe, string weights, string prefix, IReadOnlyList<long> inputShape, int classes, RecipeLanguage? language)
    {
        Module network = Create(recipe with { Model = recipe.Model with { Weights = null } }, inputShape, classes, language);
        try
        {
            Models.ModelWeights.Load(network, weights, prefix);
            network.eval();
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
