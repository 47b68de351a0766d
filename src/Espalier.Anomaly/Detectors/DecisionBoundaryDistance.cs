using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// Minus the mean distance of z to the boundaries between the predicted class and each other one, relative to its distance from
/// the mean of the fit samples (Liu and Qin, "Fast Decision Boundary based Out-of-Distribution Detector", ICML 2024).
/// </summary>
public sealed class DecisionBoundaryDistance() : ScoreRule("fdbd", DetectorNeeds.Logits | DetectorNeeds.Features | DetectorNeeds.Head | DetectorNeeds.Fit)
{
    private const double Least = 1e-12;

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels) => Keep("mean", outputs.Features!.to(torch.float64).mean([0L]));

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("mean", features)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        Tensor between = (head!.Weight.unsqueeze(0) - head.Weight.unsqueeze(1)).pow(2).sum([2L]).sqrt();     // [classes, classes]
        Tensor predicted = logits.argmax(1);
        Tensor gap = logits.gather(1, predicted.unsqueeze(1)) - logits;
        Tensor norms = between.index_select(0, predicted);

        // The predicted class has no boundary to itself, nor to a class with the same weights.
        Tensor distance = torch.where(norms.gt(Least), gap / norms.clamp_min(Least), torch.zeros_like(gap)).sum([1L]) / (logits.shape[1] - 1);
        return -distance / (features! - Kept("mean")).pow(2).sum([1L]).sqrt().clamp_min(Least);
    }
}
