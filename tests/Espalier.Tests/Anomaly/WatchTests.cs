using System.Text;
using System.Text.Json;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Tabular;
using Espalier.Anomaly.Watching;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Randomness;
using Espalier.Tests.Data;

namespace Espalier.Tests.Anomaly;

public sealed class WatchTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private readonly TabularDetector _detector;
    private readonly ConformalCalibration _calibration;

    public WatchTests()
    {
        _detector = TabularFit.Run(NumericTable.Read(TabularFitTests.Table(_folder), new() { Label = "kind" }), new() { Detector = "ecod" });
        _calibration = new(_detector.Calibration);
    }

    public void Dispose() => _folder.Dispose();

    private StreamWatcher Start() => new(_detector, [4], _calibration, _detector.Threshold!, new AlarmMonitor(_calibration));

    private WatchJournal Open(string? state, string? output) => WatchJournal.Open(Start,
        s => StreamWatcher.Resume(s, _detector, [4], _calibration, _detector.Threshold!, null), state, output, null);

    private double[] Features(JsonElement record) => NumericTable.Features(record, _detector.Schema!);

    private static WatchItem[] Items(int count, int from = 0, double shift = 0)
    {
        return [.. Enumerable.Range(from, count).Select(i =>
        {
            var random = new SplitMix64(103, i);
            return i % 17 == 16 ? new WatchItem($"r{i}", null, "is broken") : new WatchItem($"r{i}", [random.NextNormal() + shift, random.NextNormal() * 100, i % 2, 1 - i % 2]);
        })];
    }

    [Fact]
    public void Decisions_and_alarms_are_those_of_detector_threshold_and_monitor()
    {
        StreamWatcher watcher = Start();
        WatchItem[] items = [.. Items(100), .. Items(100, 100, shift: 6)];
        IReadOnlyList<WatchEvent> events = watcher.Process(items, Noon);
        var monitor = new AlarmMonitor(_calibration);
        WatchEvent[] decisions = [.. events.Where(e => e.Type == "decision")];
        WatchItem[] good = [.. items.Where(i => i.Values is not null)];
        Assert.Equal(good.Length, decisions.Length);
        for (int i = 0; i < good.Length; i++)
        {
            double score = _detector.Score(new double[,] { { good[i].Values![0], good[i].Values![1], good[i].Values![2], good[i].Values![3] } })[0];
            MonitorStep step = monitor.Observe(score);
            Assert.Equal((good[i].Id, score, _calibration.PValue(score), score > _detector.Threshold!.Value, step.Statistic),
                (decisions[i].Id, decisions[i].Score, decisions[i].PValue, decisions[i].Anomalous, decisions[i].Statistic));
        }

        Assert.Equal(new WatchCounts(good.Length, 200 - good.Length, 0, decisions.Count(d => d.Anomalous == true), monitor.Alarms), watcher.Counts);
        Assert.True(monitor.Alarms >= 1);
        Alarm alarm = events.First(e => e.Type == "alarm").Alarm!;
        Assert.Equal((Noon, "threshold", "ecod", _calibration.Hash, 3), (alarm.Time, alarm.Kind, alarm.Detector, alarm.CalibrationHash, alarm.Nearest.Count));
        Assert.Contains(events, e => e.Alarm?.Kind == "martingale");
        Assert.All(events.Where(e => e.Type == "malformed"), e => Assert.Equal("is broken", e.Problem));
    }

    [Fact]
    public void One_bad_record_costs_no_other()
    {
        StreamWatcher watcher = Start();
        IReadOnlyList<WatchEvent> events = watcher.Process([new("a", [1, 2, 0, 1]), new("b", [double.NaN, 2, 0, 1]), new("c", [1, 2]), new("d", [1, 3, 0, 1])], Noon);
        Assert.Equal(["decision", "malformed", "malformed", "decision"], events.Select(e => e.Type));
        Assert.Contains("NaN", events[1].Problem);
        Assert.Contains("expected 4", events[2].Problem);
        Assert.Equal(new WatchCounts(2, 2), watcher.Counts);
    }

    [Fact]
    public void A_record_that_comes_again_counts_once()
    {
        StreamWatcher watcher = Start();
        WatchItem item = new("a", [1, 2, 0, 1], IsNamed: true);
        Assert.Equal(["decision", "duplicate"], watcher.Process([item, item], Noon).Select(e => e.Type));
        Assert.Equal(["duplicate"], watcher.Process([item], Noon).Select(e => e.Type));
        Assert.Equal(new WatchCounts(1, 0, 2), watcher.Counts);
        Assert.Equal(1, watcher.Monitor.Step);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_journal_goes_on_as_if_nothing_had_happened(bool diesBetween)
    {
        // Dying between the decisions and the state leaves lines in the file that no state covers.
        WatchItem[] items = [.. Items(60), .. Items(60, 60, shift: 6)];
        using (WatchJournal whole = Open(null, _folder.File("whole.jsonl")))
        {
            for (int i = 0; i < items.Length; i += 7)
                whole.Commit(new(items[i..Math.Min(items.Length, i + 7)], $"{Math.Min(items.Length, i + 7)}"), Noon);
        }

        string state = _folder.File("state.json"), output = _folder.File("parts.jsonl");
        while (true)
        {
            using WatchJournal journal = Open(state, output);
            int at = journal.Position.Length == 0 ? 0 : int.Parse(journal.Position, System.Globalization.CultureInfo.InvariantCulture);
            if (at >= items.Length)
                break;
            int end = Math.Min(items.Length, at + 7);
            journal.Commit(new(items[at..end], $"{end}"), Noon);
            if (!diesBetween || end >= items.Length)
                continue;
            journal.Dispose();
            File.AppendAllText(output, "{\"type\":\"decision\",\"inde");
        }

        Assert.Equal(File.ReadAllText(_folder.File("whole.jsonl")), File.ReadAllText(output));
        Assert.Contains("\"kind\":\"martingale\"", File.ReadAllText(output));

        File.WriteAllText(output, "");
        Assert.Contains("shorter", Assert.Throws<DataException>(() => Open(state, output)).Message);
        File.WriteAllText(state, "{");
        Assert.Contains("no state", Assert.Throws<DataException>(() => Open(state, null)).Message);
    }

    [Fact]
    public async Task Lines_become_records_or_problems()
    {
        string text = """
            {"size": 1, "weight": 2, "colour": "red", "kind": "ok"}
            [1, 2, 0, 1]

            {"id": "x7", "values": [1, 2, 0, 1]}
            {"size": 1, "weight": "heavy", "colour": "red"}
            nonsense
            {"size": 1, "weight": 2, "colour": "red"}
            """ + "\n" + new string('x', JsonLinesSource.LongestLine + 5) + "\n[1, 2, 1, 0]";
        async Task<WatchItem[]> Read(long skip, int batch)
        {
            var items = new List<WatchItem>();
            string position = "";
            await foreach (WatchBatch each in new JsonLinesSource(new MemoryStream(Encoding.UTF8.GetBytes(text)), Features, batch).Read(skip, skip + 1, CancellationToken.None))
            {
                Assert.True(each.Items.Count <= batch);
                items.AddRange(each.Items);
                position = each.Position;
            }

            Assert.Equal("9", position);
            return [.. items];
        }

        WatchItem[] items = await Read(0, 256);
        Assert.Equal(["line-1", "line-2", "x7", "line-5", "line-6", "line-7", "line-8", "line-9"], items.Select(i => i.Id));
        Assert.Equal([1, 2, 0, 1], items[0].Values!);
        Assert.Equal([true, true, true, false, false, true, false, true], items.Select(i => i.Values is not null));
        Assert.True(items[2].IsNamed);
        Assert.Contains("'weight'", items[3].Problem);
        Assert.Contains("no JSON", items[4].Problem);
        Assert.Contains("longer", items[6].Problem);
        Assert.Equal(items[3..].Select(i => i.Id), (await Read(4, 1)).Select(i => i.Id));
    }

    [Fact]
    public async Task A_line_that_is_not_utf8_is_malformed_and_costs_no_other()
    {
        byte[] content = [.. "{\"colour\":\"red\",\"weight\":2,\"size\":1}\n{\"colour\":\"r"u8, 0xfc, .. "d\",\"weight\":2,\"size\":1}\n[1,2,0,1]\n"u8];
        var items = new List<WatchItem>();
        await foreach (WatchBatch each in new JsonLinesSource(new MemoryStream(content), Features).Read(0, 1, CancellationToken.None))
            items.AddRange(each.Items);
        Assert.Equal([null, "is not UTF-8", null], items.Select(i => i.Problem));
    }

    [Fact]
    public async Task A_folder_gives_rows_as_they_are_finished_and_pictures_once_they_have_settled()
    {
        string folder = Directory.CreateDirectory(_folder.File("in")).FullName;
        string table = Path.Combine(folder, "a.csv");
        File.WriteAllText(table, "colour,weight,size\nred,2,1\nblue,\"3\",1\nred,4");
        File.WriteAllText(Path.Combine(folder, "b.png"), "picture");
        File.WriteAllText(Path.Combine(folder, "c.png.tmp"), "half");
        double[] Row(IReadOnlyList<string> header, IReadOnlyList<string> cells) => NumericTable.Features(header, cells, _detector.Schema!);
        async Task<(WatchItem[] Items, string Position)> Read(string position)
        {
            var items = new List<WatchItem>();
            await foreach (WatchBatch each in new FolderSource(folder, Row, file => [file.Length, 0, 0, 1]) { Interval = TimeSpan.FromMilliseconds(1) }.Read(position, once: true, CancellationToken.None))
            {
                items.AddRange(each.Items);
                position = each.Position;
            }

            return ([.. items], position);
        }

        (WatchItem[] items, string position) = await Read("");
        Assert.Equal(["a.csv:2", "a.csv:3", "a.csv:4", "b.png"], items.Select(i => i.Id));
        Assert.Equal([1, 3, 1, 0], items[1].Values!);
        Assert.Contains("has 2 columns", items[2].Problem);

        // One more is good, another is bad, a file is new; nothing comes twice.
        File.AppendAllText(table, "\nred,4,9\nred,1\n");
        File.WriteAllText(Path.Combine(folder, "0.csv"), "colour,weight,size\ngreen,1,1\n");
        (items, position) = await Read(position);
        Assert.Equal(["0.csv:2", "a.csv:5", "a.csv:6"], items.Select(i => i.Id));
        Assert.Contains("'green'", items[0].Problem);
        Assert.Equal([9, 4, 0, 1], items[1].Values!);
        Assert.Contains("has 2 columns", items[2].Problem);
        Assert.Empty((await Read(position)).Items);
        Assert.Throws<DataException>(() => new FolderSource(_folder.File("none"), Row));
    }

    [Fact]
    public void Metrics_are_the_counts()
    {
        StreamWatcher watcher = Start();
        using var metrics = new WatchMetrics(watcher, "ec\"od");
        watcher.Process([.. Items(20)], Noon);
        metrics.Update(watcher, TimeSpan.FromSeconds(0.5));
        string text = metrics.ToPrometheus();
        Assert.Contains("# TYPE espalier_watch_records_total counter\nespalier_watch_records_total{detector=\"ec\\\"od\"} 19\n", text);
        Assert.Contains("espalier_watch_malformed_total{detector=\"ec\\\"od\"} 1\n", text);
        Assert.Contains("espalier_watch_busy_seconds_total{detector=\"ec\\\"od\"} 0.5\n", text);

        // What an OpenTelemetry collector would read.
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        var seen = new Dictionary<string, long>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == WatchMetrics.MeterName)
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal(19, seen["espalier.watch.records"]);
        Assert.Equal(1, seen["espalier.watch.malformed"]);
    }
}
