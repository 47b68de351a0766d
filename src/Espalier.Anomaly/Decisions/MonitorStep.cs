namespace Espalier.Anomaly.Decisions;

/// <summary>What <see cref="AlarmMonitor"/> makes of one score.</summary>
/// <param name="Step">Counted from 1.</param>
/// <param name="Score">The score.</param>
/// <param name="PValue">Its smoothed p-value: small means unusually high.</param>
/// <param name="Statistic">Where the alarm's statistic stands: ln S of a martingale, else the sum.</param>
/// <param name="Limit">What the statistic alarms at.</param>
/// <param name="IsAlarm">Whether it has reached its limit; it starts anew with the next score.</param>
public sealed record MonitorStep(long Step, double Score, double PValue, double Statistic, double Limit, bool IsAlarm);
