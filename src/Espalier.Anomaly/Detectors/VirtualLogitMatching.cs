using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// α ‖R'(z - u)‖ - log sum exp(l): the residual as one more logit, α = mean max l / mean residual over the fit samples (Wang et
/// al., "ViM: Out-Of-Distribution with Virtual-logit Matching", CVPR 2022).
/// </summary>
public sealed class VirtualLogitMatching : ScoreRule
{
    private readonly int? _dimensions;

    /// <summary>Creates the rule.</summary>
    /// <param name="dimensions">Main directions of the features that are left out; 1,000 of 2,048 features or more, 512 of 768 or more, half of fewer where null.</param>
    /// <exception cref="OptionsException">The number is below 1.</exception>
    public VirtualLogitMatching(int? dimensions = null)
        : base("vim", DetectorNeeds.Logits | DetectorNeeds.Features | DetectorNeeds.Head | DetectorNeeds.Fit, dimensions is { } d ? [("dim", d)] : [])
    {
        OptionsException.Require(dimensions is null or >= 1, "dim", dimensions, "must be at least 1");
        _dimensions = dimensions;
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        Tensor features = outputs.Features!.to(torch.float64);
        (Tensor origin, Tensor basis, bool isResidual) = PrincipalResidual.Fit(features, outputs.Head!, PrincipalResidual.Dimensions(_dimensions, features.shape[1], Name));
        double residual = PrincipalResidual.Norm(features, origin, basis, isResidual).mean().ToDouble();
        double scale = outputs.Logits.amax([1]).mean().ToDouble() / residual;
        if (!double.IsFinite(scale))
            throw new DataException("features", "lie in their main directions entirely", $"give '{Name}' a smaller dim");
        Keep("origin", origin);
        Keep("basis", basis);
        Keep("alpha", torch.tensor(new[] { scale, isResidual ? 1 : 0 }));
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("origin", features), new("basis", features, FittedArray.Rows), new("alpha", 2)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        (Kept("alpha")[0] * PrincipalResidual.Norm(features!, Kept("origin"), Kept("basis"), Kept("alpha")[1].ToDouble() != 0)) - logits.logsumexp(1);
}
