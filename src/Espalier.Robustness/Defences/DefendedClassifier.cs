using Espalier.Models;

namespace Espalier.Robustness.Defences;

/// <summary>
/// A classifier behind a transform of its inputs. What it says is always the defended model's; only how its gradient is
/// taken can be chosen, since a defence that hides gradients must not look robust for it.
/// </summary>
/// <param name="inner">The model; stays the caller's.</param>
/// <param name="transform">What is done to its inputs.</param>
/// <param name="path">How gradients pass the transform.</param>
public sealed class DefendedClassifier(IDifferentiableClassifier inner, InputTransform transform, GradientPath path = GradientPath.Exact) : IDifferentiableClassifier
{
    /// <summary>The transform.</summary>
    public InputTransform Transform => transform;

    /// <summary>How gradients pass it.</summary>
    public GradientPath Path => path;

    /// <inheritdoc/>
    public int ClassCount => inner.ClassCount;

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape => inner.InputShape;

    /// <inheritdoc/>
    public InputBounds Bounds => inner.Bounds;

    /// <summary>The same defended model with another way for its gradient.</summary>
    /// <param name="other">The way.</param>
    public DefendedClassifier WithPath(GradientPath other) => new(inner, transform, other);

    /// <inheritdoc/>
    public Tensor Logits(Tensor inputs)
    {
        if (path == GradientPath.Exact || !inputs.requires_grad)
            return inner.Logits(transform.Apply(inputs));
        Tensor exact;
        using (torch.no_grad())
            exact = transform.Apply(inputs.detach());
        Tensor smooth = (path == GradientPath.Surrogate ? transform.Smooth(inputs) : null) ?? inputs;
        return inner.Logits(smooth + (exact - smooth).detach());
    }

    /// <inheritdoc/>
    public Tensor Probabilities(Tensor inputs)
    {
        using var noGradients = torch.no_grad();
        return inner.Probabilities(transform.Apply(inputs));
    }

    /// <inheritdoc/>
    public Tensor Predict(Tensor inputs)
    {
        using var noGradients = torch.no_grad();
        return inner.Predict(transform.Apply(inputs));
    }
}
