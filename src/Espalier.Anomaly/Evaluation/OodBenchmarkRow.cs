namespace Espalier.Anomaly.Evaluation;

/// <summary>One detector against one set of outliers.</summary>
/// <param name="Detector">The detector with its settings.</param>
/// <param name="Set">The set.</param>
/// <param name="Group">Its part.</param>
/// <param name="Result">What was measured; against the held-out samples for validation sets, against the test samples for others.</param>
public sealed record OodBenchmarkRow(string Detector, string Set, OutlierGroup Group, DetectionResult Result);
