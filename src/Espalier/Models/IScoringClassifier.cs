using Espalier.Errors;

namespace Espalier.Models;

/// <summary>A classifier that also tells how sure it is.</summary>
public interface IScoringClassifier : IClassifier
{
    /// <summary>The class probabilities.</summary>
    /// <param name="inputs">[batch, ...<see cref="IClassifier.InputShape"/>], float32.</param>
    /// <returns>[batch, classes], rows sum to one; without an autograd graph.</returns>
    /// <exception cref="ShapeException">The inputs have another shape.</exception>
    Tensor Probabilities(Tensor inputs);
}
