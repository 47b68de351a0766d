namespace Espalier.Runs.Store;

/// <summary>What was measured at a step.</summary>
/// <param name="Step">The optimizer step, from 0.</param>
/// <param name="Time">Seconds of training since the run began, pauses between resumptions not counted.</param>
/// <param name="Values">The values by name; NaN where the value was not finite.</param>
public sealed record MetricRecord(long Step, double Time, IReadOnlyDictionary<string, double> Values);
