using Espalier.Anomaly.Evaluation;

namespace Espalier.Recipes.Detection;

/// <summary>What a comparison of detectors leaves in <c>comparison.json</c>.</summary>
/// <param name="Model">The model.</param>
/// <param name="Accuracy">Its accuracy on the test samples.</param>
/// <param name="TestSamples">Test samples.</param>
/// <param name="FitSamples">Samples that detectors were fitted on.</param>
/// <param name="Recommended">The detector to use: the best on the validation distributions; null where there were none.</param>
/// <param name="Ranking">All detectors on the validation distributions.</param>
/// <param name="Rows">The table.</param>
/// <param name="Errors">Detection of the model's mistakes.</param>
/// <param name="Temperature">The temperature chosen on held-out samples.</param>
/// <param name="Calibration">Calibration before and after.</param>
/// <param name="Skipped">Detectors that were left out, with the reason.</param>
public sealed record DetectorComparisonRecord(string Model, double Accuracy, int TestSamples, int FitSamples, string? Recommended, IReadOnlyList<DetectorRanking> Ranking,
    IReadOnlyList<DetectorComparisonRow> Rows, IReadOnlyList<ErrorDetectionRow> Errors, double Temperature, IReadOnlyList<CalibrationRow> Calibration, IReadOnlyDictionary<string, string> Skipped);
