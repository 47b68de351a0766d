using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>-max_c l_c (Hendrycks et al., "Scaling Out-of-Distribution Detection for Real-World Settings", ICML 2022).</summary>
public sealed class MaximumLogit() : ScoreRule("max-logit", DetectorNeeds.Logits)
{
    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) => -logits.amax([1]);
}
