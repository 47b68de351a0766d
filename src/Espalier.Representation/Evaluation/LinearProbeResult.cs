namespace Espalier.Representation.Evaluation;

/// <summary>What a linear probe found.</summary>
/// <param name="Accuracy">Share of test samples whose class scores highest, in [0, 1].</param>
/// <param name="TopFiveAccuracy">Share whose class is among the five highest (among all, where there are fewer), in [0, 1].</param>
/// <param name="TrainAccuracy">Share of training samples whose class scores highest, in [0, 1].</param>
/// <param name="Loss">Mean training loss in nats with the penalty.</param>
/// <param name="GradientNorm">Largest absolute entry of the gradient at the end.</param>
/// <param name="Iterations">Steps made.</param>
/// <param name="Converged">Whether the gradient reached the tolerance.</param>
/// <param name="Weights">[classes, d], float64, for raw features: logits are features·weightsᵀ + bias.</param>
/// <param name="Bias">[classes], float64.</param>
public sealed record LinearProbeResult(
    double Accuracy, double TopFiveAccuracy, double TrainAccuracy, double Loss, double GradientNorm, int Iterations, bool Converged, Tensor Weights, Tensor Bias) : IDisposable
{
    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Weights.Dispose();
        Bias.Dispose();
    }
}
