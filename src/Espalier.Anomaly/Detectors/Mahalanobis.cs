using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// min_c (z - mu_c)' S^-1 (z - mu_c), S the covariance within classes (Lee et al., "A Simple Unified Framework for Detecting
/// Out-of-Distribution Samples and Adversarial Attacks", NeurIPS 2018). Features are whitened once; distances to all classes are
/// one matrix product.
/// </summary>
public sealed class Mahalanobis : ScoreRule
{
    private readonly double _ridge;

    /// <summary>Creates the rule.</summary>
    /// <param name="ridge">What is added to the covariance's diagonal, relative to the mean variance; at least 0.</param>
    /// <exception cref="OptionsException">The ridge is negative.</exception>
    public Mahalanobis(double ridge = 1e-6) : base("mds", DetectorNeeds.Features | DetectorNeeds.Fit | DetectorNeeds.Labels, ("ridge", ridge))
    {
        OptionsException.Require(ridge >= 0, nameof(ridge), ridge, "must be at least 0");
        _ridge = ridge;
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        Tensor features = outputs.Features!.to(torch.float64);
        Tensor means = ClassMeans.OfAll(features, labels!, outputs.Logits.shape[1], Name);
        Keep("whitening", FeatureCovariance.Whitening(features - means.index_select(0, labels!), _ridge, Name));
        Keep("center", means.mean([0L]));
        Keep("means", (means - Kept("center")).matmul(Kept("whitening")));
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("whitening", features, features), new("center", features), new("means", classes, features)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        Nearest((features! - Kept("center")).matmul(Kept("whitening")), Kept("means"));

    /// <summary>The squared distance to the nearest mean, both whitened, [n].</summary>
    internal static Tensor Nearest(Tensor whitened, Tensor means) =>
        (whitened.pow(2).sum([1L]) + (means.pow(2).sum([1L]) - (2 * whitened.matmul(means.t()))).amin([1])).clamp_min(0);
}
