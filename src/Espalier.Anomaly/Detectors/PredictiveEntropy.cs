using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>The entropy of the prediction, -sum_c p_c log p_c, in nats.</summary>
public sealed class PredictiveEntropy() : ScoreRule("entropy", DetectorNeeds.None)
{
    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        Tensor logProbabilities = logits.log_softmax(1);
        return -(logProbabilities.exp() * logProbabilities).sum([1L]);
    }
}
