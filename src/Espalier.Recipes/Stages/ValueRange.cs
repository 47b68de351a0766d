using Espalier.Models;

namespace Espalier.Recipes.Stages;

/// <summary>The range of input values, as a record keeps it.</summary>
/// <param name="Lower">The least.</param>
/// <param name="Upper">The greatest.</param>
public readonly record struct ValueRange(double Lower, double Upper)
{
    /// <summary>The range of a classifier's inputs; that of images where there is no bound.</summary>
    public static ValueRange Of(InputBounds bounds) => double.IsFinite(bounds.Lower) && double.IsFinite(bounds.Upper)
        ? new ValueRange(bounds.Lower, bounds.Upper)
        : new ValueRange(0, 1);
}
