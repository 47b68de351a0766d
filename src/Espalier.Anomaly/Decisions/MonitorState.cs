namespace Espalier.Anomaly.Decisions;

/// <summary>Where an <see cref="AlarmMonitor"/> stands, for a file.</summary>
/// <param name="Options">Its options.</param>
/// <param name="CalibrationHash">The calibration scores that it was made with.</param>
/// <param name="Step">Scores seen.</param>
/// <param name="Alarms">Alarms raised.</param>
/// <param name="Statistic">The numbers of the alarm's statistic.</param>
/// <param name="Added">The scores that joined the pool, in order: base64 of little-endian doubles.</param>
public sealed record MonitorState(AlarmMonitorOptions Options, string CalibrationHash, long Step, long Alarms, IReadOnlyList<double> Statistic, string Added);
