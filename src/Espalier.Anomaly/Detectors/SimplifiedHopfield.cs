using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// -z'S_ŷ, S_c the mean features of fit samples of class c that are classified right, ŷ the prediction (Zhang et al.,
/// "Out-of-Distribution Detection based on In-Distribution Data Patterns Memorization with Modern Hopfield Energy", ICLR 2023).
/// </summary>
public sealed class SimplifiedHopfield() : ScoreRule("she", DetectorNeeds.Features | DetectorNeeds.Fit | DetectorNeeds.Labels)
{
    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        Tensor right = outputs.Logits.argmax(1).eq(labels!).nonzero().flatten();
        Keep("patterns", ClassMeans.OfAll(outputs.Features!.to(torch.float64).index_select(0, right), labels!.index_select(0, right), outputs.Logits.shape[1], Name, "fit samples that are classified right"));
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("patterns", classes, features)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        -(features! * Kept("patterns").index_select(0, logits.argmax(1))).sum([1L]);
}
