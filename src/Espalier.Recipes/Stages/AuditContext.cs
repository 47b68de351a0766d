using Espalier.Data;
using Espalier.Models;

namespace Espalier.Recipes.Stages;

/// <summary>What an audit stage works on.</summary>
/// <param name="Classifier">The model under audit.</param>
/// <param name="Train">The training split, for the scales of features; nothing is judged on it.</param>
/// <param name="Test">The test split, on the model's device.</param>
/// <param name="Seed">What the stage's randomness derives from.</param>
/// <param name="Progress">Told how much of the stage is done, in [0, 1].</param>
/// <param name="CancellationToken">Ends the stage.</param>
internal sealed record AuditContext(
    IDifferentiableClassifier Classifier, Dataset Train, Dataset Test, int Seed, IProgress<double>? Progress, CancellationToken CancellationToken)
{
    /// <summary>For text: opens a text by name in the model's tokens.</summary>
    public Func<string, Dataset>? Texts { get; init; }
}
