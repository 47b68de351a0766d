using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// min_k KL(p || d_k), d_k the mean prediction of fit samples that are predicted k (Hendrycks et al., "Scaling
/// Out-of-Distribution Detection for Real-World Settings", ICML 2022). Classes that no sample is predicted as are left out.
/// </summary>
public sealed class KullbackLeiblerMatching() : ScoreRule("klm", DetectorNeeds.Fit)
{
    private const double Least = 1e-12;

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        Tensor probabilities = outputs.Logits.softmax(1);
        (Tensor means, Tensor counts) = ClassMeans.Of(probabilities, outputs.Logits.argmax(1), outputs.Logits.shape[1]);
        Keep("log.means", means.index_select(0, counts.nonzero().flatten()).clamp_min(Least).log());
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("log.means", FittedArray.Rows, classes)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        Tensor logP = logits.log_softmax(1);
        Tensor p = logP.exp();
        return ((p * logP).sum([1L], keepdim: true) - p.matmul(Kept("log.means").t())).amin([1]);
    }
}
