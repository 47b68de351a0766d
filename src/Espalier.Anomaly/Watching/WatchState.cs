using Espalier.Anomaly.Decisions;

namespace Espalier.Anomaly.Watching;

/// <summary>Where a watcher stands, for a file.</summary>
/// <param name="Schema">Version of the form.</param>
/// <param name="Detector">The detector's name.</param>
/// <param name="CalibrationHash">The calibration scores it decides by.</param>
/// <param name="Threshold">The threshold of single scores.</param>
/// <param name="Counts">What it has seen.</param>
/// <param name="Monitor">What watches the stream as a whole.</param>
/// <param name="Seen">The latest ids that records brought with them, oldest first.</param>
/// <param name="Position">How far the source has been read, in the source's own form.</param>
/// <param name="OutputLength">Bytes of the file of decisions that belong to this state.</param>
public sealed record WatchState(int Schema, string Detector, string CalibrationHash, double Threshold, WatchCounts Counts, MonitorState Monitor, IReadOnlyList<string> Seen,
    string Position, long OutputLength)
{
    /// <summary>The scores that wait for a window to be tested for drift; null where none are tested.</summary>
    public IReadOnlyList<double>? DriftWaiting { get; init; }

    /// <summary>The version that is written.</summary>
    public const int CurrentSchema = 1;
}
