using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>Tells how little an input looks like what a model was trained on.</summary>
public interface IAnomalyDetector
{
    /// <summary>The detector's name, such as <c>energy</c>.</summary>
    string Name { get; }

    /// <summary>Scores inputs.</summary>
    /// <param name="inputs">[n, ...], in the unit that the model takes.</param>
    /// <returns>[n], float64, on the CPU: the higher, the more anomalous; without a graph, in the caller's dispose scope.</returns>
    /// <exception cref="ShapeException">The inputs have another shape than the model takes.</exception>
    /// <exception cref="DataException">The model answers an input with a NaN.</exception>
    Tensor Score(Tensor inputs);
}
