using Espalier.Errors;

namespace Espalier.Robustness.Defences;

/// <summary>Rounds values of [0, 1] to a few levels (Xu et al., "Feature Squeezing", NDSS 2018). Its gradient is zero everywhere.</summary>
/// <param name="levels">Number of levels, at least 2.</param>
/// <exception cref="OptionsException">Fewer than two levels.</exception>
public sealed class BitDepthReduction(int levels) : InputTransform
{
    private readonly double _steps = Checked(levels) - 1;

    /// <inheritdoc/>
    public override string Description => $"rounding to {levels} levels";

    /// <inheritdoc/>
    public override Tensor Apply(Tensor inputs) => (inputs * _steps).round() / _steps;

    private static int Checked(int levels)
    {
        OptionsException.Require(levels >= 2, nameof(levels), levels, "must be at least 2");
        return levels;
    }
}
