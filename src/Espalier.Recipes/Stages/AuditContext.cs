using Espalier.Data;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes.Stages;

/// <summary>What an audit stage works on.</summary>
/// <param name="Recipe">The recipe, which says what the model was trained for.</param>
/// <param name="Network">The network under audit.</param>
/// <param name="Model">It as a classifier; null where it has no classes.</param>
/// <param name="Train">The training split, for the scales of features; nothing is judged on it.</param>
/// <param name="Test">The test split, on the model's device.</param>
/// <param name="Seed">What the stage's randomness derives from.</param>
/// <param name="Progress">Told how much of the stage is done, in [0, 1].</param>
/// <param name="CancellationToken">Ends the stage.</param>
internal sealed record AuditContext(
    Recipe Recipe, Module Network, IDifferentiableClassifier? Model, Dataset Train, Dataset Test, int Seed, IProgress<double>? Progress, CancellationToken CancellationToken)
{
    /// <summary>The model as a classifier.</summary>
    public IDifferentiableClassifier Classifier => Model ?? throw new InvalidOperationException("the model has no classes");

    /// <summary>For text: opens a text by name in the model's tokens.</summary>
    public Func<string, Dataset>? Texts { get; init; }
}
