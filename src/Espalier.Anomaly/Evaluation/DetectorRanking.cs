namespace Espalier.Anomaly.Evaluation;

/// <summary>How a detector did on the validation sets, which are the only basis of a recommendation.</summary>
/// <param name="Detector">The detector with its settings.</param>
/// <param name="MeanAuroc">Mean over the validation sets.</param>
/// <param name="MinimumAuroc">The worst of them: a mean hides a set that fails.</param>
public sealed record DetectorRanking(string Detector, double MeanAuroc, double MinimumAuroc);
