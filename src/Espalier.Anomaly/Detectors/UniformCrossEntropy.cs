using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// -H(U; p) = mean(l) - log sum exp(l): how near the prediction is to uniform (Hendrycks et al., "Deep Anomaly Detection
/// with Outlier Exposure", ICLR 2019, appendix E). The best score for models trained with outlier exposure. At most
/// -log K, which a uniform prediction reaches.
/// </summary>
public sealed class UniformCrossEntropy() : ScoreRule("uniform-ce", DetectorNeeds.None)
{
    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) => logits.mean([1L]) - logits.logsumexp(1);
}
