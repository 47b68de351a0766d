using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Tabular;
using Espalier.Errors;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// Decides about records one after another: a score, a p-value, a decision by a threshold, and a monitor of the stream as a
/// whole. A malformed record is reported, counted and skipped; nothing else changes. Not thread-safe: one stream, one watcher.
/// </summary>
public sealed class StreamWatcher
{
    private const int MostSeen = 2000;
    private const int NearestRows = 3;

    private readonly IAnomalyDetector _detector;
    private readonly long[] _shape;
    private readonly ConformalCalibration _calibration;
    private readonly Func<double[], int, IReadOnlyList<AlarmNeighbour>>? _nearest;
    private readonly Queue<string> _seen = new();
    private readonly HashSet<string> _seenSet = new(StringComparer.Ordinal);

    /// <summary>Starts to watch.</summary>
    /// <param name="detector">What scores; stays the caller's.</param>
    /// <param name="shape">Shape of one input.</param>
    /// <param name="calibration">Scores of held-out ordinary inputs.</param>
    /// <param name="threshold">What a score must exceed to be called anomalous.</param>
    /// <param name="monitor">What watches the stream.</param>
    /// <param name="nearest">The training examples most like an input; none where null and the detector keeps none.</param>
    public StreamWatcher(IAnomalyDetector detector, IReadOnlyList<long> shape, ConformalCalibration calibration, DetectionThreshold threshold, AlarmMonitor monitor,
        Func<double[], int, IReadOnlyList<AlarmNeighbour>>? nearest = null)
    {
        (_detector, _shape, _calibration, Threshold, Monitor) = (detector, [.. shape], calibration, threshold, monitor);
        _nearest = nearest ?? (detector is TabularDetector rows ? (values, count) => [.. rows.Nearest(values, count).Select(r => new AlarmNeighbour($"row {r.Number}", r.Distance, r.Values))] : null);
    }

    /// <summary>What a score must exceed to be called anomalous.</summary>
    public DetectionThreshold Threshold { get; }

    /// <summary>What watches the stream as a whole.</summary>
    public AlarmMonitor Monitor { get; }

    /// <summary>What compares scores with the calibration scores, window by window; nothing where null.</summary>
    public ScoreDrift? Drift { get; init; }

    /// <summary>Where the detector takes its inputs.</summary>
    public torch.Device Device { get; init; } = torch.CPU;

    /// <summary>What has been seen.</summary>
    public WatchCounts Counts { get; private set; } = new();

    /// <summary>Where the statistic of the stream stands; 0 before the first record.</summary>
    public double Statistic { get; private set; }

    /// <summary>Deals with records, in order.</summary>
    /// <param name="items">The records.</param>
    /// <param name="time">What the events are stamped with.</param>
    /// <returns>For each record its decision or problem, followed by its alarms and by the test of a window that it fills.</returns>
    public IReadOnlyList<WatchEvent> Process(IReadOnlyList<WatchItem> items, DateTimeOffset time)
    {
        items = [.. items.Select(i => i with { Id = RecordText.Id(i.Id) })];
        var (scores, problems) = Score(items);
        var events = new List<WatchEvent>(items.Count);
        for (int i = 0; i < items.Count; i++)
        {
            WatchItem item = items[i];
            if (item.IsNamed && _seenSet.Contains(item.Id))
            {
                Counts = Counts with { Duplicates = Counts.Duplicates + 1 };
                events.Add(new("duplicate", Index, item.Id, time));
                continue;
            }

            if (item.IsNamed)
                Remember(item.Id);
            if (problems[i] is { } problem)
            {
                Counts = Counts with { Malformed = Counts.Malformed + 1 };
                events.Add(new("malformed", Index, item.Id, time) { Problem = RecordText.Problem(problem) });
                continue;
            }

            Decide(item, scores[i], time, events);
        }

        return events;
    }

    /// <summary>Where it stands.</summary>
    internal WatchState Save(string position, long outputLength) =>
        new(WatchState.CurrentSchema, _detector.Name, _calibration.Hash, Threshold.Value, Counts, Monitor.Save(), [.. _seen], position, outputLength) { DriftWaiting = Drift is null ? null : [.. Drift.Waiting] };

    /// <summary>Goes on from where another one stood.</summary>
    /// <param name="state">Its state.</param>
    /// <param name="detector">What scores; stays the caller's.</param>
    /// <param name="shape">Shape of one input.</param>
    /// <param name="calibration">The same calibration scores.</param>
    /// <param name="threshold">What a score must exceed to be called anomalous.</param>
    /// <param name="nearest">The training examples most like an input; none where null and the detector keeps none.</param>
    /// <param name="drift">What compares scores with the calibration scores, with an empty window; the scores that waited for one wait again. Nothing where null.</param>
    /// <param name="device">Where the detector takes its inputs; the CPU where null.</param>
    /// <exception cref="DataException">The state belongs to other calibration scores, or is damaged.</exception>
    public static StreamWatcher Resume(WatchState state, IAnomalyDetector detector, IReadOnlyList<long> shape, ConformalCalibration calibration, DetectionThreshold threshold,
        Func<double[], int, IReadOnlyList<AlarmNeighbour>>? nearest, ScoreDrift? drift = null, torch.Device? device = null)
    {
        drift?.Restore(state.DriftWaiting ?? []);
        var watcher = new StreamWatcher(detector, shape, calibration, threshold, AlarmMonitor.Resume(calibration, state.Monitor), nearest) { Counts = state.Counts, Drift = drift, Device = device ?? torch.CPU };
        foreach (string id in state.Seen)
            watcher.Remember(RecordText.Id(id));
        return watcher;
    }

    private long Index => Counts.Records + Counts.Malformed;

    private void Decide(WatchItem item, double score, DateTimeOffset time, List<WatchEvent> events)
    {
        double p = _calibration.PValue(score);
        bool isAnomalous = Threshold.IsAnomalous(score);
        MonitorStep step = Monitor.Observe(score);
        Statistic = step.Statistic;
        Counts = Counts with
        {
            Records = Counts.Records + 1,
            Anomalies = Counts.Anomalies + (isAnomalous ? 1 : 0),
            Alarms = Counts.Alarms + (step.IsAlarm ? 1 : 0),
        };
        events.Add(new("decision", Index, item.Id, time) { Score = score, PValue = p, Anomalous = isAnomalous, Statistic = step.Statistic });
        IReadOnlyList<AlarmNeighbour> nearest = isAnomalous || step.IsAlarm ? _nearest?.Invoke(item.Values!, NearestRows) ?? [] : [];
        if (isAnomalous)
            events.Add(Raised("threshold", p, Threshold.Value));
        if (step.IsAlarm)
            events.Add(Raised(Monitor.Options.Kind switch { AlarmKind.Martingale => "martingale", AlarmKind.Cusum => "cusum", _ => "page-hinkley" }, step.PValue, step.Limit));
        if (Drift?.Observe(score) is { } test)
        {
            Counts = Counts with { Windows = Counts.Windows + 1, Drifts = Counts.Drifts + (test.IsDrift ? 1 : 0) };
            events.Add(new("drift", Index, item.Id, time) { Drift = test });
        }

        WatchEvent Raised(string kind, double pValue, double limit) => new("alarm", Index, item.Id, time)
        {
            Alarm = new(time, item.Id, kind, score, pValue, limit, _detector.Name, _calibration.Hash, nearest),
        };
    }

    // All good records in one call; where that fails, one by one, so that one bad record costs no other.
    private (double[] Scores, string?[] Problems) Score(IReadOnlyList<WatchItem> items)
    {
        double[] scores = new double[items.Count];
        string?[] problems = [.. items.Select(i => i.Problem)];
        long width = _shape.Aggregate(1L, (a, b) => a * b);
        for (int i = 0; i < items.Count; i++)
        {
            if (problems[i] is null && items[i].Values?.Length != width)
                problems[i] = $"has {items[i].Values?.Length ?? 0} values; expected {width}";
        }

        int[] good = [.. Enumerable.Range(0, items.Count).Where(i => problems[i] is null)];
        if (good.Length == 0)
            return (scores, problems);
        try
        {
            double[] all = Score([.. good.Select(i => items[i].Values!)]);
            for (int i = 0; i < good.Length; i++)
                scores[good[i]] = all[i];
        }
        catch (Exception error) when (error is not OperationCanceledException && good.Length > 1)
        {
            foreach (int i in good)
                (scores[i], problems[i]) = Alone(items[i].Values!);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            problems[good[0]] = error.Message;
        }

        return (scores, problems);

        (double, string?) Alone(double[] values)
        {
            try
            {
                return (Score([values])[0], null);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                return (0, error.Message);
            }
        }
    }

    private double[] Score(double[][] inputs)
    {
        using var scope = torch.NewDisposeScope();
        Tensor rows = AlignedTensor.Of([.. inputs.SelectMany(i => i)], [inputs.Length, .. _shape]);
        double[] scores = _detector.Score(_detector is TabularDetector ? rows : rows.to(torch.float32, Device)).data<double>().ToArray();
        return !scores.Any(double.IsNaN) ? scores : throw new DataException("record", "has the score NaN", "find out what the detector makes of it");
    }

    private void Remember(string id)
    {
        _seen.Enqueue(id);
        _seenSet.Add(id);
        if (_seen.Count > MostSeen)
            _seenSet.Remove(_seen.Dequeue());
    }
}
