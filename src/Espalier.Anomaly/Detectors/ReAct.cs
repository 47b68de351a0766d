using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// The energy of W min(z, c) + b, c a percentile of all activations of the fit samples (Sun et al., "ReAct: Out-of-distribution
/// Detection With Rectified Activations", NeurIPS 2021).
/// </summary>
public sealed class ReAct : ScoreRule
{
    private readonly double _percentile;

    /// <summary>Creates the rule.</summary>
    /// <param name="percentile">Which percentile, in [0, 100]; 90 in the paper.</param>
    /// <exception cref="OptionsException">The percentile is out of range.</exception>
    public ReAct(double percentile = 90) : base("react", DetectorNeeds.Features | DetectorNeeds.Head | DetectorNeeds.Fit, ("p", percentile)) =>
        _percentile = Percentiles.Checked(percentile);

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels) =>
        Keep("cut", torch.tensor(new[] { Percentiles.Of(outputs.Features!, _percentile) }));

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("cut", 1)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        Energy.Of(head!.Logits(features!.minimum(Kept("cut"))));
}
