using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>‖R'(z - u)‖, the part of <see cref="VirtualLogitMatching"/> that looks at features alone.</summary>
public sealed class FeatureResidual : ScoreRule
{
    private readonly int? _dimensions;

    /// <summary>Creates the rule.</summary>
    /// <param name="dimensions">As of <see cref="VirtualLogitMatching"/>.</param>
    /// <exception cref="OptionsException">The number is below 1.</exception>
    public FeatureResidual(int? dimensions = null)
        : base("residual", DetectorNeeds.Features | DetectorNeeds.Head | DetectorNeeds.Fit, dimensions is { } d ? [("dim", d)] : [])
    {
        OptionsException.Require(dimensions is null or >= 1, "dim", dimensions, "must be at least 1");
        _dimensions = dimensions;
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        Tensor features = outputs.Features!.to(torch.float64);
        (Tensor origin, Tensor basis, bool isResidual) = PrincipalResidual.Fit(features, outputs.Head!, PrincipalResidual.Dimensions(_dimensions, features.shape[1], Name));
        Keep("origin", origin);
        Keep("basis", basis);
        Keep("form", torch.tensor(new[] { isResidual ? 1.0 : 0 }));
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("origin", features), new("basis", features, FittedArray.Rows), new("form", 1)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        PrincipalResidual.Norm(features!, Kept("origin"), Kept("basis"), Kept("form")[0].ToDouble() != 0);
}
