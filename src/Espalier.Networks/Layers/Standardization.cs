using Espalier.Errors;

namespace Espalier.Networks.Layers;

/// <summary>
/// (x - mean)/std as a network's first layer: the network takes raw pixels or columns, so attacks, bounds and
/// explanations are in the units of the data. The constants come from the options and are not part of the weights.
/// </summary>
public sealed class Standardization : ModuleWithConstants
{
    private readonly bool _isIdentity;

    /// <summary>Creates the layer.</summary>
    /// <param name="mean">One value, or one per entry of the input's dimension 1.</param>
    /// <param name="std">One value, or one per entry of the input's dimension 1; above zero.</param>
    /// <param name="dimensions">Number of dimensions of an input with its batch dimension, at least 2.</param>
    public Standardization(IReadOnlyList<double> mean, IReadOnlyList<double> std, int dimensions = 4) : base(nameof(Standardization))
    {
        Validate(mean, std, null, "channel");
        _isIdentity = mean.All(m => m == 0) && std.All(s => s == 1);
        AddConstant("mean", AlongDimension1(mean, dimensions));
        AddConstant("std", AlongDimension1(std, dimensions));
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => _isIdentity ? input : (input - Constant("mean")) / Constant("std");

    /// <summary>Checks means and standard deviations.</summary>
    /// <param name="mean">One value, or one per entry.</param>
    /// <param name="std">One value, or one per entry; above zero.</param>
    /// <param name="count">How many entries there are, where known.</param>
    /// <param name="entry">What an entry is called.</param>
    internal static void Validate(IReadOnlyList<double> mean, IReadOnlyList<double> std, int? count, string entry)
    {
        Check(mean, "InputMean", double.IsFinite, "must be finite");
        Check(std, "InputStd", s => double.IsFinite(s) && s > 0, "must be above 0");

        void Check(IReadOnlyList<double> values, string option, Func<double, bool> legal, string allowed)
        {
            bool counts = values.Count == 1 || (count is null ? values.Count > 0 : values.Count == count);
            OptionsException.Require(counts, option, $"{values.Count} values", count is null ? $"must hold one value, or one per {entry}" : $"must hold one value, or one per {entry} ({count})");
            foreach (double value in values)
                OptionsException.Require(legal(value), option, value, allowed);
        }
    }

    private static Tensor AlongDimension1(IReadOnlyList<double> values, int dimensions)
    {
        long[] shape = [1, values.Count, .. Enumerable.Repeat(1L, dimensions - 2)];
        using Tensor flat = torch.tensor(values.ToArray(), dtype: torch.float32);
        return flat.reshape(shape).clone();
    }
}
