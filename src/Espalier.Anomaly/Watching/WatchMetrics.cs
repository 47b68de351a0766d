using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Espalier.Anomaly.Decisions;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// A watcher's numbers for monitoring systems: as instruments of the meter <c>Espalier.Watch</c>, which OpenTelemetry collects, and in
/// the text format of Prometheus. Counts are those of the journal: a restart does not set them back.
/// </summary>
public sealed class WatchMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Espalier.Watch";

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _seconds;
    private readonly string _detector;
    private readonly double _threshold;
    private readonly double _limit;
    private WatchCounts _counts;
    private double _statistic;
    private double _busySeconds;
    private long _batches;

    /// <summary>Numbers of a watcher.</summary>
    /// <param name="watcher">It.</param>
    /// <param name="detector">The detector's name.</param>
    public WatchMetrics(StreamWatcher watcher, string detector)
    {
        (_detector, _threshold, _counts) = (detector, watcher.Threshold.Value, watcher.Counts);
        _limit = watcher.Monitor.Options.Kind == AlarmKind.Martingale ? -Math.Log(watcher.Monitor.Options.Delta) : double.NaN;
        var tag = new KeyValuePair<string, object?>("detector", detector);
        void Counter(string name, string what, Func<WatchCounts, long> value) =>
            _meter.CreateObservableCounter($"espalier.watch.{name}", () => new Measurement<long>(value(Volatile.Read(ref _counts)), tag), "{record}", what);
        foreach ((string name, string what, Func<WatchCounts, long> value) in s_counters)
            Counter(name, what, value);
        _meter.CreateObservableGauge("espalier.watch.statistic", () => new Measurement<double>(Volatile.Read(ref _statistic), tag), null, Statistic);
        _seconds = _meter.CreateHistogram<double>("espalier.watch.batch.duration", "s", "Time to score a batch of records and make it durable.");
    }

    private const string Statistic = "Where the statistic of the stream stands: the log of a martingale's capital, else the sum.";

    private static readonly (string Name, string What, Func<WatchCounts, long> Value)[] s_counters =
    [
        ("records", "Records scored.", c => c.Records),
        ("malformed", "Records that could not be read or scored.", c => c.Malformed),
        ("duplicates", "Records that came again under an id already seen.", c => c.Duplicates),
        ("anomalies", "Records above the threshold.", c => c.Anomalies),
        ("alarms", "Alarms of what watches the stream as a whole.", c => c.Alarms),
        ("windows", "Windows of scores tested for drift.", c => c.Windows),
        ("drifts", "Windows of scores that are called drift.", c => c.Drifts),
    ];

    /// <summary>Takes the numbers after a batch.</summary>
    /// <param name="watcher">The watcher.</param>
    /// <param name="duration">What the batch took.</param>
    public void Update(StreamWatcher watcher, TimeSpan duration)
    {
        Volatile.Write(ref _counts, watcher.Counts);
        Volatile.Write(ref _statistic, watcher.Statistic);
        Volatile.Write(ref _busySeconds, _busySeconds + duration.TotalSeconds);
        Interlocked.Increment(ref _batches);
        _seconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("detector", _detector));
    }

    /// <summary>The numbers in Prometheus' text format, version 0.0.4.</summary>
    public string ToPrometheus()
    {
        var text = new StringBuilder();
        string label = $"{{detector=\"{_detector.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"}}";
        void Metric(string name, string type, string what, string value) =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP espalier_watch_{name} {what}\n# TYPE espalier_watch_{name} {type}\nespalier_watch_{name}{label} {value}\n");
        WatchCounts counts = Volatile.Read(ref _counts);
        foreach ((string name, string what, Func<WatchCounts, long> value) in s_counters)
            Metric($"{name}_total", "counter", what, value(counts).ToString(CultureInfo.InvariantCulture));
        Metric("batches_total", "counter", "Batches dealt with since the start.", Interlocked.Read(ref _batches).ToString(CultureInfo.InvariantCulture));
        Metric("busy_seconds_total", "counter", "Time spent on batches since the start.", Number(Volatile.Read(ref _busySeconds)));
        Metric("statistic", "gauge", Statistic, Number(Volatile.Read(ref _statistic)));
        if (!double.IsNaN(_limit))
            Metric("statistic_limit", "gauge", "What the statistic alarms at.", Number(_limit));
        Metric("threshold", "gauge", "What a score must exceed to be called anomalous.", Number(_threshold));
        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}
