using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// The energy with only those weights of the last layer whose mean contribution to a logit, W ⊙ mean z, is above a percentile
/// (Sun and Li, "DICE: Leveraging Sparsification for Out-of-Distribution Detection", ECCV 2022).
/// </summary>
public sealed class Dice : ScoreRule
{
    private readonly double _percentile;

    /// <summary>Creates the rule.</summary>
    /// <param name="percentile">Which percentile of the contributions, in [0, 100]; 90 in the paper.</param>
    /// <exception cref="OptionsException">The percentile is out of range.</exception>
    public Dice(double percentile = 90) : base("dice", DetectorNeeds.Features | DetectorNeeds.Head | DetectorNeeds.Fit, ("p", percentile)) =>
        _percentile = Percentiles.Checked(percentile);

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        Tensor contribution = outputs.Head!.Weight * outputs.Features!.to(torch.float64).mean([0L]);
        Keep("weight", outputs.Head.Weight * contribution.gt(Percentiles.Of(contribution, _percentile)).to(torch.float64));
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("weight", classes, features)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        Energy.Of(torch.addmm(head!.Bias, features!, Kept("weight").t(), 1, 1));
}
