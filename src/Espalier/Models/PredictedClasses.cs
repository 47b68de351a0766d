using Espalier.Errors;

namespace Espalier.Models;

/// <summary>Classes from scores. The largest of a row with a NaN is the NaN, which is no prediction.</summary>
public static class PredictedClasses
{
    /// <summary>The class of the largest score.</summary>
    /// <param name="scores">[n, classes].</param>
    /// <returns>[n], int64.</returns>
    /// <exception cref="ModelOutputException">A score is NaN.</exception>
    public static Tensor Of(Tensor scores)
    {
        // The largest value of a row is NaN where any value is.
        (Tensor largest, Tensor classes) = scores.max(1);
        using (largest)
        using (Tensor isNaN = largest.isnan())
        using (Tensor any = isNaN.any())
        {
            if (!any.item<bool>())
                return classes;
            using Tensor rows = isNaN.nonzero();
            using Tensor first = rows[0, 0];
            classes.Dispose();
            throw new ModelOutputException("the model's output", $"is NaN for input {first.ToInt64()} of the batch",
                "a model that cannot be read cannot be judged: look for overflow, a division by zero or a logarithm of zero in it");
        }
    }
}
