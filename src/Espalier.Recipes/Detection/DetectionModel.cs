using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Recipes.Detection;

/// <summary>A model under audit as detectors want it: with the features of a layer where it is a module, as it is otherwise.</summary>
public sealed class DetectionModel : IDisposable
{
    private readonly FeatureClassifier? _features;

    private DetectionModel(IScoringClassifier classifier, FeatureClassifier? features) => (Classifier, _features) = (features ?? classifier, features);

    /// <summary>The model.</summary>
    public IScoringClassifier Classifier { get; }

    /// <summary>Opens a model's features.</summary>
    /// <param name="classifier">The model; stays the caller's.</param>
    /// <param name="layer">The layer; the last linear one where null.</param>
    /// <exception cref="OptionsException">The model gives labels only, or a layer is named of a model that has none to name.</exception>
    /// <exception cref="NotFoundException">There is no layer of that name.</exception>
    public static DetectionModel Of(IClassifier classifier, string? layer = null)
    {
        if (classifier is TorchClassifier module && (layer is not null || FeatureClassifier.HasHead(module)))
            return new DetectionModel(module, FeatureClassifier.Of(module, layer));
        OptionsException.Require(layer is null, nameof(layer), layer, "belongs to models with layers to name: runs and files of weights");
        return new DetectionModel(classifier as IScoringClassifier ?? throw new OptionsException("model", classifier.GetType().Name, "must give probabilities: labels alone cannot be scored"), null);
    }

    /// <summary>Outliers in the form that a target's model takes, on its device; in the caller's dispose scope.</summary>
    /// <param name="target">The model and its data.</param>
    /// <param name="source">Where they come from.</param>
    /// <param name="count">How many; all of a stored set where null.</param>
    /// <param name="seed">What is drawn is a function of this.</param>
    /// <param name="inliers">What generators change.</param>
    public static Tensor Load(AuditTarget target, OutlierSource source, int? count, int seed, Dataset inliers) => source.Load(new OutlierRequest
    {
        Shape = target.Classifier.InputShape,
        Bounds = target.Classifier.Bounds,
        Count = count,
        Seed = seed,
        Inliers = inliers,
        Schema = target.Schema,
        Standardization = target.Standardization,
    }).to(target.Splits.Test.Device);

    /// <inheritdoc/>
    public void Dispose() => _features?.Dispose();
}
