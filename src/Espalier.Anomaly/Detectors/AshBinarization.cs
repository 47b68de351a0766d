using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>ASH-B: the sum of all activations, spread evenly over the k largest (Djurisic et al., ICLR 2023).</summary>
/// <param name="percentile">The share that is pruned, in percent.</param>
/// <param name="clip">Whether negative activations count as zero; they are refused otherwise.</param>
/// <exception cref="OptionsException">The percentile is out of range.</exception>
public sealed class AshBinarization(double percentile = 65, bool clip = false) : ActivationShaping("ash-b", percentile, clip)
{
    private protected override Tensor Shape(Tensor z, int kept) => Largest(z, kept) * (z.sum([1L], keepdim: true) / kept);
}
