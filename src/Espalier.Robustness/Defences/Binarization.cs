namespace Espalier.Robustness.Defences;

/// <summary>1 above a threshold, 0 elsewhere. A comparison: it cuts the graph.</summary>
/// <param name="threshold">The threshold.</param>
/// <param name="sharpness">Slope of the sigmoid that stands in for it backward.</param>
public sealed class Binarization(double threshold = 0.5, double sharpness = 10) : InputTransform
{
    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"binarization at {threshold}");

    /// <inheritdoc/>
    public override Tensor Apply(Tensor inputs) => inputs.gt(threshold).to(inputs.dtype);

    /// <inheritdoc/>
    public override Tensor Smooth(Tensor inputs) => (sharpness * (inputs - threshold)).sigmoid();
}
