using Espalier.Models;

namespace Espalier.Anomaly;

/// <summary>The entropy of the prediction, -sum_c p_c log p_c, in nats.</summary>
/// <param name="classifier">The model whose answers are scored.</param>
public sealed class PredictiveEntropy(IDifferentiableClassifier classifier) : LogitDetector("entropy", classifier)
{
    private protected override Tensor FromLogits(Tensor logits)
    {
        Tensor logProbabilities = logits.log_softmax(1);
        return -(logProbabilities.exp() * logProbabilities).sum(1);
    }
}
