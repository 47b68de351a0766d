using Espalier.Errors;

namespace Espalier.Models;

/// <summary>A classifier whose features, what its last layer sees, can be asked for beside its logits.</summary>
public interface IFeatureClassifier : IDifferentiableClassifier
{
    /// <summary>The last linear layer, where the features are its input; null where they are those of another layer.</summary>
    LinearHead? Head { get; }

    /// <summary>Features and logits of one pass, without a graph.</summary>
    /// <param name="inputs">[batch, ...<see cref="IClassifier.InputShape"/>], float32.</param>
    /// <returns>Features [batch, D] and logits [batch, classes]; in the caller's dispose scope.</returns>
    /// <exception cref="ShapeException">The inputs have another shape.</exception>
    /// <exception cref="ModelOutputException">The layer was not called, or gives no vector per input.</exception>
    (Tensor Features, Tensor Logits) FeaturesAndLogits(Tensor inputs);
}
