using Espalier.Errors;

namespace Espalier.Models;

/// <summary>
/// A model that somebody audits, at the least access level: labels only. Attacks, detectors and explainers state the
/// level they need. Returned tensors belong to the caller's dispose scope.
/// </summary>
public interface IClassifier
{
    /// <summary>Number of classes.</summary>
    int ClassCount { get; }

    /// <summary>Shape of one input, without the batch dimension, such as [1, 8, 8].</summary>
    IReadOnlyList<long> InputShape { get; }

    /// <summary>The box that legal inputs live in.</summary>
    InputBounds Bounds { get; }

    /// <summary>The predicted labels.</summary>
    /// <param name="inputs">[batch, ...<see cref="InputShape"/>], float32.</param>
    /// <returns>[batch], int64, in 0..<see cref="ClassCount"/>-1.</returns>
    /// <exception cref="ShapeException">The inputs have another shape.</exception>
    Tensor Predict(Tensor inputs);
}
