using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>ASH-S: the largest activations times exp(Σ z / Σ of the kept ones), the others zero (Djurisic et al., ICLR 2023).</summary>
/// <param name="percentile">The share that is pruned, in percent.</param>
/// <param name="clip">Whether negative activations count as zero; they are refused otherwise.</param>
/// <exception cref="OptionsException">The percentile is out of range.</exception>
public sealed class AshScaling(double percentile = 65, bool clip = false) : ActivationShaping("ash-s", percentile, clip)
{
    private protected override Tensor Shape(Tensor z, int kept)
    {
        Tensor mask = Largest(z, kept);
        return z * mask * Gain(z, mask);
    }
}
