namespace Espalier.Anomaly.Evaluation;

/// <summary>How well a detector finds test samples that the model gets wrong; these are the positives.</summary>
/// <param name="Detector">The detector with its settings.</param>
/// <param name="Metrics">The metrics; null where the model gets everything right or everything wrong.</param>
/// <param name="RiskCoverage">Area under the risk-coverage curve (AURC), lower is better.</param>
public sealed record ErrorDetectionRow(string Detector, DetectionMetrics? Metrics, double RiskCoverage);
