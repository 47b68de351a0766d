using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>SCALE: all activations times exp(Σ z / Σ of the largest ones) (Xu et al., "Scaling for Training Time and Post-hoc Out-of-distribution Detection Enhancement", ICLR 2024).</summary>
/// <param name="percentile">The share that is not among the largest, in percent; 85 in the paper.</param>
/// <param name="clip">Whether negative activations count as zero; they are refused otherwise.</param>
/// <exception cref="OptionsException">The percentile is out of range.</exception>
public sealed class ActivationScaling(double percentile = 85, bool clip = false) : ActivationShaping("scale", percentile, clip)
{
    private protected override Tensor Shape(Tensor z, int kept) => z * Gain(z, Largest(z, kept));
}
