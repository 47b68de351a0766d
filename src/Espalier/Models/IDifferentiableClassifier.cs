using Espalier.Errors;

namespace Espalier.Models;

/// <summary>A classifier whose logits can be differentiated with respect to its inputs.</summary>
public interface IDifferentiableClassifier : IScoringClassifier
{
    /// <summary>The logits, with an autograd graph back to the inputs where these require gradients.</summary>
    /// <param name="inputs">[batch, ...<see cref="IClassifier.InputShape"/>], float32.</param>
    /// <returns>[batch, classes].</returns>
    /// <exception cref="ShapeException">The inputs have another shape.</exception>
    Tensor Logits(Tensor inputs);
}
