using Espalier.Errors;

namespace Espalier.Models;

/// <summary>Any function from inputs to probabilities as a classifier: an ML.NET model, a remote service, a rule.</summary>
public sealed class DelegateClassifier : IScoringClassifier
{
    private readonly Func<Tensor, Tensor> _probabilities;

    /// <summary>Wraps a function.</summary>
    /// <param name="inputShape">Shape of one input.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="probabilities">Maps [batch, ...] to probabilities [batch, classes].</param>
    /// <param name="bounds">The box of legal inputs; [0, 1] where null.</param>
    public DelegateClassifier(IReadOnlyList<long> inputShape, int classCount, Func<Tensor, Tensor> probabilities, InputBounds? bounds = null)
    {
        OptionsException.Require(classCount >= 2, nameof(classCount), classCount, "must be at least 2");
        InputShape = [.. inputShape];
        ClassCount = classCount;
        Bounds = bounds ?? InputBounds.Unit;
        _probabilities = probabilities;
    }

    /// <inheritdoc/>
    public int ClassCount { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape { get; }

    /// <inheritdoc/>
    public InputBounds Bounds { get; }

    /// <inheritdoc/>
    public Tensor Probabilities(Tensor inputs)
    {
        using var _ = torch.no_grad();
        // A copy: the function may write into what it is given.
        using Tensor own = inputs.clone();
        Tensor result = _probabilities(own);
        if (result.shape is not [var rows, var columns] || rows != inputs.shape[0] || columns != ClassCount)
            throw new ShapeException("the delegate's probabilities", result.shape, $"[{inputs.shape[0]}, {ClassCount}]");
        return result;
    }

    /// <inheritdoc/>
    public Tensor Predict(Tensor inputs)
    {
        using Tensor probabilities = Probabilities(inputs);
        return PredictedClasses.Of(probabilities);
    }
}
