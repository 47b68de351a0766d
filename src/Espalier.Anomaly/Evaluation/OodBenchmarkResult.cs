using Espalier.Errors;

namespace Espalier.Anomaly.Evaluation;

/// <summary>What an <see cref="OodBenchmark"/> found.</summary>
/// <param name="Accuracy">Share of test samples that the model gets right.</param>
/// <param name="Rows">Every detector against every set.</param>
/// <param name="Errors">Detection of the model's mistakes.</param>
/// <param name="Temperature">The temperature chosen on the held-out samples.</param>
/// <param name="Calibration">Calibration before and after.</param>
/// <param name="Skipped">Detectors that were left out, with the reason.</param>
public sealed record OodBenchmarkResult(double Accuracy, IReadOnlyList<OodBenchmarkRow> Rows, IReadOnlyList<ErrorDetectionRow> Errors, double Temperature,
    IReadOnlyList<CalibrationRow> Calibration, IReadOnlyList<(string Detector, string Reason)> Skipped)
{
    /// <summary>The detectors that were measured.</summary>
    public IReadOnlyList<string> Detectors { get; } = [.. Rows.Select(r => r.Detector).Distinct()];

    /// <summary>The detectors from best to worst on the validation sets; empty where there were none.</summary>
    public IReadOnlyList<DetectorRanking> Ranking { get; } = [.. Rows.Where(r => r.Group == OutlierGroup.Validation).GroupBy(r => r.Detector)
        .Select(g => new DetectorRanking(g.Key, g.Average(r => r.Result.Auroc), g.Min(r => r.Result.Auroc)))
        .OrderByDescending(r => r.MeanAuroc).ThenByDescending(r => r.MinimumAuroc)];

    /// <summary>The detector to use on this model: the best on the validation sets. Null where there were none.</summary>
    public string? Recommend() => Ranking.Count > 0 ? Ranking[0].Detector : null;

    /// <summary>Mean metrics of a detector over the reported sets.</summary>
    /// <param name="detector">The detector with its settings.</param>
    /// <param name="group">One group; both where null.</param>
    /// <exception cref="NotFoundException">It was not measured there.</exception>
    public DetectionMetrics Mean(string detector, OutlierGroup? group = null) => DetectionMetrics.Each(Reported(detector, group), values => values.Average());

    /// <summary>The worst AUROC of a detector over the reported sets.</summary>
    /// <param name="detector">The detector with its settings.</param>
    /// <param name="group">One group; both where null.</param>
    /// <exception cref="NotFoundException">It was not measured there.</exception>
    public double MinimumAuroc(string detector, OutlierGroup? group = null) => Reported(detector, group).Min(m => m.Auroc);

    private DetectionMetrics[] Reported(string detector, OutlierGroup? group)
    {
        DetectionMetrics[] found = [.. Rows.Where(r => r.Detector == detector && r.Group != OutlierGroup.Validation && (group is null || r.Group == group)).Select(r => r.Result.Mean)];
        return found.Length > 0 ? found : throw new NotFoundException("measured detector", detector, Detectors);
    }
}
