using Espalier.Anomaly.Detectors;

namespace Espalier.Anomaly.Exposure;

/// <summary>The score of a network's extra output: 1 - b where it is a confidence, the probability of the reject class where it is one.</summary>
/// <param name="network">The network; stays the caller's.</param>
/// <param name="isConfidence">Whether the extra output is the logit of a confidence; else that of a reject class.</param>
public sealed class ExtraOutputDetector(ExtraOutput network, bool isConfidence) : IAnomalyDetector
{
    /// <summary>The name of the score of a confidence.</summary>
    public const string OfConfidence = "confidence-branch";

    /// <summary>The name of the score of a reject class.</summary>
    public const string OfRejectClass = "reject-class";

    private const int BatchSize = 512;

    /// <inheritdoc/>
    public string Name => isConfidence ? OfConfidence : OfRejectClass;

    /// <inheritdoc/>
    public Tensor Score(Tensor inputs) => BatchedScores.Of(network, inputs, BatchSize, batch =>
    {
        Tensor all = network.All(batch).cpu().to(torch.float64);
        return isConfidence ? (-all.select(1, network.Classes)).sigmoid() : all.softmax(1).select(1, network.Classes);
    });
}
