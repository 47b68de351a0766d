using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>ASH-P: the largest activations as they are, the others zero (Djurisic et al., "Extremely Simple Activation Shaping for Out-of-Distribution Detection", ICLR 2023).</summary>
/// <param name="percentile">The share that is pruned, in percent; 65 in the specification of OpenOOD.</param>
/// <param name="clip">Whether negative activations count as zero; they are refused otherwise.</param>
/// <exception cref="OptionsException">The percentile is out of range.</exception>
public sealed class AshPruning(double percentile = 65, bool clip = false) : ActivationShaping("ash-p", percentile, clip)
{
    private protected override Tensor Shape(Tensor z, int kept) => z * Largest(z, kept);
}
