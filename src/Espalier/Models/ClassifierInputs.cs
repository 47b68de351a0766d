using Espalier.Errors;

namespace Espalier.Models;

/// <summary>What every audit asks of the tensors it is given, before it starts.</summary>
public static class ClassifierInputs
{
    private const double Rounding = 1e-6;

    /// <summary>Checks that inputs are the classifier's: their shape, and that they lie inside its bounds.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[n, ...<see cref="IClassifier.InputShape"/>], floating point.</param>
    /// <exception cref="ShapeException">Another shape or type.</exception>
    /// <exception cref="DataException">A value lies outside the bounds or is NaN.</exception>
    public static void Check(IClassifier classifier, Tensor inputs)
    {
        if (inputs.dim() != classifier.InputShape.Count + 1 || !inputs.is_floating_point() || !inputs.shape.AsSpan(1).SequenceEqual([.. classifier.InputShape]))
            throw new ShapeException("inputs", inputs.shape, $"[n, {string.Join(", ", classifier.InputShape)}], floating point");
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        if (inputs.shape[0] > 0 && (inputs - classifier.Bounds.Clamp(inputs)).abs().max().ToDouble() is not <= Rounding)
        {
            throw new DataException("inputs", $"hold values outside the model's bounds, {classifier.Bounds.Lower} to {classifier.Bounds.Upper}, or that are no numbers",
                "give inputs in the unit of the bounds, or bounds in the unit of the inputs");
        }
    }

    /// <summary>Checks that labels or targets are the classifier's, one per input.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="classes">[<paramref name="count"/>], int64, in 0..<see cref="IClassifier.ClassCount"/>-1.</param>
    /// <param name="count">Number of inputs.</param>
    /// <param name="what">What they are, for the message: <c>labels</c>, <c>targets</c>.</param>
    /// <exception cref="ShapeException">Another shape or type.</exception>
    /// <exception cref="DataException">A class is out of range.</exception>
    public static void CheckClasses(IClassifier classifier, Tensor classes, long count, string what)
    {
        if (classes.dim() != 1 || classes.shape[0] != count || classes.dtype != torch.int64)
            throw new ShapeException(what, classes.shape, $"[{count}], int64");
        if (count == 0)
            return;
        using var scope = torch.NewDisposeScope();
        (long least, long greatest) = (classes.min().item<long>(), classes.max().item<long>());
        if (least < 0 || greatest >= classifier.ClassCount)
            throw new DataException(what, $"run from {least} to {greatest}", $"the model's classes run from 0 to {classifier.ClassCount - 1}");
    }
}
