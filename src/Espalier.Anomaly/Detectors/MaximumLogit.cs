using Espalier.Models;

namespace Espalier.Anomaly;

/// <summary>-max_c l_c (Hendrycks et al., "Scaling Out-of-Distribution Detection for Real-World Settings", ICML 2022).</summary>
/// <param name="classifier">The model whose answers are scored.</param>
public sealed class MaximumLogit(IDifferentiableClassifier classifier) : LogitDetector("max-logit", classifier)
{
    private protected override Tensor FromLogits(Tensor logits) => -logits.amax([1]);
}
