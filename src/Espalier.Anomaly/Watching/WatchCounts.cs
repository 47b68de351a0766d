namespace Espalier.Anomaly.Watching;

/// <summary>What a watcher has seen so far, over all its sittings.</summary>
/// <param name="Records">Records scored.</param>
/// <param name="Malformed">Records that could not be read or scored.</param>
/// <param name="Duplicates">Records that came again under an id already seen.</param>
/// <param name="Anomalies">Records above the threshold.</param>
/// <param name="Alarms">Alarms of what watches the stream as a whole.</param>
/// <param name="Windows">Windows of scores that were tested for drift.</param>
/// <param name="Drifts">Of them those that are called drift.</param>
public sealed record WatchCounts(long Records = 0, long Malformed = 0, long Duplicates = 0, long Anomalies = 0, long Alarms = 0, long Windows = 0, long Drifts = 0);
