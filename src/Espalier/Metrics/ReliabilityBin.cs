namespace Espalier.Metrics;

/// <summary>Samples of about the same confidence: one point of a reliability diagram.</summary>
/// <param name="Lower">Lower end of the bin's confidences.</param>
/// <param name="Upper">Upper end of the bin's confidences.</param>
/// <param name="Count">Number of samples; 0 is possible for bins of equal width.</param>
/// <param name="Confidence">Their mean confidence; 0 for an empty bin.</param>
/// <param name="Accuracy">The share of them that is correct; 0 for an empty bin.</param>
public sealed record ReliabilityBin(double Lower, double Upper, int Count, double Confidence, double Accuracy)
{
    /// <summary>Accuracy minus confidence: below 0 where the model is too sure of itself.</summary>
    public double Gap => Accuracy - Confidence;
}
