using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// The Mahalanobis distance to the nearest class less that to the whole of the data, with the covariance of each (Ren et al., "A
/// Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection", 2021). Both covariances are divided by the same n: the
/// difference means nothing otherwise.
/// </summary>
public sealed class RelativeMahalanobis : ScoreRule
{
    private readonly double _ridge;

    /// <summary>Creates the rule.</summary>
    /// <param name="ridge">What is added to the covariances' diagonals, relative to the mean variance; at least 0.</param>
    /// <exception cref="OptionsException">The ridge is negative.</exception>
    public RelativeMahalanobis(double ridge = 1e-6) : base("rmds", DetectorNeeds.Features | DetectorNeeds.Fit | DetectorNeeds.Labels, ("ridge", ridge))
    {
        OptionsException.Require(ridge >= 0, nameof(ridge), ridge, "must be at least 0");
        _ridge = ridge;
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        Tensor features = outputs.Features!.to(torch.float64);
        Tensor means = ClassMeans.OfAll(features, labels!, outputs.Logits.shape[1], Name);
        Keep("center", features.mean([0L]));
        Keep("whitening", FeatureCovariance.Whitening(features - means.index_select(0, labels!), _ridge, Name));
        Keep("whitening.all", FeatureCovariance.Whitening(features - Kept("center"), _ridge, Name));
        Keep("means", (means - Kept("center")).matmul(Kept("whitening")));
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("center", features), new("whitening", features, features), new("whitening.all", features, features), new("means", classes, features)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        Tensor centered = features! - Kept("center");
        return Mahalanobis.Nearest(centered.matmul(Kept("whitening")), Kept("means")) - centered.matmul(Kept("whitening.all")).pow(2).sum([1L]);
    }
}
