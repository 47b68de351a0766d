namespace Espalier.Models;

/// <summary>A classifier of which only probabilities can be asked, whatever more it could give.</summary>
/// <param name="inner">The model; stays the caller's.</param>
public sealed class ScoresOnly(IScoringClassifier inner) : IPartialScores
{
    internal IClassifier Inner => inner;

    /// <inheritdoc/>
    public int? KnownClasses => (inner as IPartialScores)?.KnownClasses;

    /// <inheritdoc/>
    public int ClassCount => inner.ClassCount;

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape => inner.InputShape;

    /// <inheritdoc/>
    public InputBounds Bounds => inner.Bounds;

    /// <inheritdoc/>
    public Tensor Probabilities(Tensor inputs) => inner.Probabilities(inputs);

    /// <inheritdoc/>
    public Tensor Predict(Tensor inputs) => inner.Predict(inputs);
}
