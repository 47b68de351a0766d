using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Tasks.Objectives;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes;

/// <summary>A trained model loaded for an audit: the network of a recipe with saved weights, and the recipe's data.</summary>
public sealed class AuditedModel : IDisposable
{
    private readonly Module _module;
    private readonly TorchClassifier _classifier;

    private AuditedModel(Module module, TorchClassifier classifier, bool isEma)
    {
        _module = module;
        _classifier = classifier;
        IsEma = isEma;
    }

    /// <summary>The network.</summary>
    internal Module Network => _module;

    /// <summary>The model.</summary>
    public IDifferentiableClassifier Classifier => _classifier;

    /// <summary>Whether these are the averaged weights.</summary>
    public bool IsEma { get; }

    /// <summary>Loads a model.</summary>
    /// <param name="recipe">Says which network.</param>
    /// <param name="weights">A safetensors file.</param>
    /// <param name="data">Gives input shape, classes and bounds.</param>
    /// <param name="device">Where the model shall live.</param>
    /// <param name="ema">Whether to take the averaged weights; where null, they are taken if the file has them.</param>
    /// <param name="language">The tokenizer of the data where it is text.</param>
    /// <exception cref="CheckpointException">The file is broken, or is another network's.</exception>
    public static AuditedModel Load(Recipe recipe, string weights, Dataset data, torch.Device device, bool? ema = null, RecipeLanguage? language = null)
    {
        bool averaged = ema ?? ModelWeights.HasEma(weights);
        Module module = RecipeNetwork.Load(recipe, weights, averaged ? ModelWeights.EmaPrefix : "", data.InputShape, data.ClassCount, language);
        module.to(device);
        return new AuditedModel(module, new TorchClassifier(module, data.InputShape, data.ClassCount, data.Bounds), averaged);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _classifier.Dispose();
        _module.Dispose();
    }
}
