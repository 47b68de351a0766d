using Espalier.Errors;

namespace Espalier.Models;

/// <summary>A classifier without gradients that may tell its logits: a model in a file whose output is one or the other.</summary>
public interface ILogitClassifier : IScoringClassifier
{
    /// <summary>Whether <see cref="Logits"/> can be asked for; otherwise there are probabilities only.</summary>
    bool HasLogits { get; }

    /// <summary>The logits, without an autograd graph.</summary>
    /// <param name="inputs">[batch, ...<see cref="IClassifier.InputShape"/>], float32.</param>
    /// <returns>[batch, classes].</returns>
    /// <exception cref="ShapeException">The inputs have another shape.</exception>
    /// <exception cref="ModelOutputException">The model gives probabilities only.</exception>
    Tensor Logits(Tensor inputs);
}
