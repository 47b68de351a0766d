using Espalier.Models;

namespace Espalier.Anomaly;

/// <summary>
/// -H(U; p) = mean(l) - log sum exp(l): how near the prediction is to uniform (Hendrycks et al., "Deep Anomaly Detection
/// with Outlier Exposure", ICLR 2019, appendix E). The best score for models trained with outlier exposure.
/// </summary>
/// <param name="classifier">The model whose answers are scored.</param>
public sealed class UniformCrossEntropy(IDifferentiableClassifier classifier) : LogitDetector("uniform-ce", classifier)
{
    private protected override Tensor FromLogits(Tensor logits) => logits.mean([1]) - logits.logsumexp(1);
}
