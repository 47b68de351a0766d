namespace Espalier.Anomaly.Decisions;

/// <summary>An alarm that a person can act on.</summary>
/// <param name="Time">When.</param>
/// <param name="Id">The record that raised it.</param>
/// <param name="Kind"><c>threshold</c> for one unusual record, else what watched the stream.</param>
/// <param name="Score">The record's score.</param>
/// <param name="PValue">Share of ordinary scores at or above it.</param>
/// <param name="Threshold">The threshold of single scores, or the limit of the statistic.</param>
/// <param name="Detector">The detector's name.</param>
/// <param name="CalibrationHash">The calibration scores behind threshold and p-value.</param>
/// <param name="Nearest">The training examples most like the record, nearest first; empty where the detector keeps none.</param>
public sealed record Alarm(DateTimeOffset Time, string Id, string Kind, double Score, double PValue, double Threshold, string Detector, string CalibrationHash,
    IReadOnlyList<AlarmNeighbour> Nearest);
