namespace Espalier.Models;

/// <summary>A classifier of which no more is seen than its labels: what an attacker sees of a careful service.</summary>
/// <param name="classifier">Any classifier; the caller's.</param>
public sealed class LabelsOnly(IClassifier classifier) : IClassifier
{
    internal IClassifier Inner => classifier;

    /// <inheritdoc/>
    public int ClassCount => classifier.ClassCount;

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape => classifier.InputShape;

    /// <inheritdoc/>
    public InputBounds Bounds => classifier.Bounds;

    /// <inheritdoc/>
    public Tensor Predict(Tensor inputs) => classifier.Predict(inputs);
}
