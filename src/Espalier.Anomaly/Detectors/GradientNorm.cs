using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// -‖z‖₁ Σ_c |p_c - 1/K|: the L1 norm of the last layer's gradient of the cross-entropy to uniform, in closed form (Huang et
/// al., "On the Importance of Gradients for Detecting Distributional Shifts in the Wild", NeurIPS 2021).
/// </summary>
public sealed class GradientNorm() : ScoreRule("gradnorm", DetectorNeeds.Features)
{
    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        -features!.abs().sum([1L]) * (logits.softmax(1) - (1.0 / logits.shape[1])).abs().sum([1L]);
}
