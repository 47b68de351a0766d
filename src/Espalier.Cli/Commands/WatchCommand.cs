using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Drift;
using Espalier.Anomaly.Watching;
using Espalier.Cli.Watching;
using Espalier.Errors;
using Espalier.Recipes;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier watch</c>: decides about records as they come, and raises alarms that keep their promise.</summary>
internal sealed class WatchCommand : EspalierCommand<WatchCommand.Settings>
{
    private const int BatchSize = 256;
    private const string StandardInput = "stdin";

    internal sealed class Settings : ModelFileSettings
    {
        [CommandArgument(0, "<DETECTOR>")]
        [Description("What espalier detectors fit-rows, fit-images or fit kept.")]
        public string Detector { get; init; } = "";

        [CommandOption("--input <SOURCE>")]
        [Description("stdin for JSON lines on standard input (default), a file of them, or a folder in which tables and pictures appear.")]
        public string? Input { get; init; }

        [CommandOption("--http <PORT>")]
        [Description("Listen on this machine's loopback address (0.0.0.0:PORT for all): POST /score, GET /metrics, GET /health. With --input only the last two.")]
        public string? Http { get; init; }

        [CommandOption("--token <TEXT>")]
        [Description("What requests but /health must bring as 'Authorization: Bearer TEXT'; the variable ESPALIER_WATCH_TOKEN where left out. Needed by nobody on the loopback address.")]
        public string? Token { get; init; }

        [CommandOption("--max-body <BYTES>")]
        [Description("The longest body of a request; 1,048,576 where left out.")]
        public long? LongestBody { get; init; }

        [CommandOption("--state <FILE>")]
        [Description("Where the watch is kept; given again, it goes on there without losing or double counting a record.")]
        public string? State { get; init; }

        [CommandOption("--decisions <FILE>")]
        [Description("Write decisions and alarms to this file, JSON lines, instead of standard output.")]
        public string? Decisions { get; init; }

        [CommandOption("--alarms-only")]
        [Description("Leave out decisions that raise no alarm.")]
        public bool AlarmsOnly { get; init; }

        [CommandOption("--fail-on-alarm")]
        [Description("Stop at the first alarm of the stream as a whole and exit with 3.")]
        public bool FailOnAlarm { get; init; }

        [CommandOption("--drift-window <ROWS>")]
        [Description("Compare each so many scores with the calibration scores; not at all where left out.")]
        public int? DriftWindow { get; init; }

        [CommandOption("--alpha <LEVEL>")]
        [Description("Level of the test of one window; 0.05 where left out.")]
        public double? Alpha { get; init; }

        [CommandOption("--fail-on-drift")]
        [Description("Stop at the first window that drifted and exit with 3.")]
        public bool FailOnDrift { get; init; }

        [CommandOption("--once")]
        [Description("For a folder: end once nothing new is left; a last row without a line end is decided too.")]
        public bool Once { get; init; }

        [CommandOption("--decimal-mark <MARK>")]
        [Description("What stands before the fraction of a number in tables: . (default) or a comma.")]
        public string? DecimalMark { get; init; }

        [CommandOption("--replay")]
        [Description("Standard input begins from the start again: skip the lines that were dealt with.")]
        public bool Replay { get; init; }

        [CommandOption("--fpr <SHARE>")]
        [Description("The share of ordinary records that may be called anomalous; the detector's own where left out.")]
        public double? FalseAlarms { get; init; }

        [CommandOption("--alarm <KIND>")]
        [Description("What watches the stream as a whole: martingale (default), cusum or pageHinkley.")]
        public string? Alarm { get; init; }

        [CommandOption("--delta <PROBABILITY>")]
        [Description("Martingale: the probability of ever alarming on an unchanged stream; 0.01 where left out.")]
        public double? Delta { get; init; }

        [CommandOption("--run-time <STEPS>")]
        [Description("cusum and pageHinkley: records between false alarms on average; 10,000 where left out.")]
        public double? RunTime { get; init; }

        [CommandOption("--pool <MODE>")]
        [Description("What scores are ranked among: online (default; each joins) or fixed.")]
        public string? Pool { get; init; }

        [CommandOption("--otlp <ENDPOINT>")]
        [Description("Send metrics to an OpenTelemetry collector, such as http://localhost:4317.")]
        public string? Otlp { get; init; }

        [CommandOption("--model <MODEL>")]
        [Description("For a detector on a network: the folder of its run, last for the latest one, an ONNX file or a file of weights.")]
        public string? Model { get; init; }

        /// <summary>Opens the model.</summary>
        /// <param name="device">Where it shall live.</param>
        public AuditTarget Open(torch.Device device) => Open(Model!, device);
    }

    protected override int Execute(Settings settings, Session session)
    {
        OptionsException.Require(settings.LongestBody is null or >= 1, "max-body", settings.LongestBody, "must be at least 1");
        OptionsException.Require(settings.Otlp is null || (Uri.TryCreate(settings.Otlp, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"), "otlp", settings.Otlp, "must be an address such as http://localhost:4317");
        OptionsException.Require(!settings.Json || settings.Decisions is not null, "json", "true", "prints the summary on standard output: give --decisions FILE for the decisions");
        OptionsException.Require(settings.DriftWindow is not null || (!settings.FailOnDrift && settings.Alpha is null), "drift-window", null, "must say how many rows a test looks at with --fail-on-drift and --alpha");
        using WatchedDetector watched = settings.Model is null ? WatchedDetector.Open(settings.Detector, session.Device, settings.DecimalMark ?? ".")
            : WatchedDetector.OfNetwork(settings.Detector, settings.Open(session.Device), settings.DecimalMark ?? ".");
        var calibration = new ConformalCalibration(watched.CalibrationScores.Count > 0 ? watched.CalibrationScores
            : throw new DataException(settings.Detector, "holds no calibration scores", "fit it again with held-out rows"));
        double share = settings.FalseAlarms ?? watched.FalseAlarms ?? 0.05;
        DetectionThreshold threshold = settings.FalseAlarms is null && watched.Delta is { } confidence
            ? DetectionThreshold.ConformalPac(calibration.Scores, share, confidence) : DetectionThreshold.Conformal(calibration.Scores, share);
        var defaults = new AlarmMonitorOptions();
        var options = new AlarmMonitorOptions
        {
            Kind = Choice.Parse<AlarmKind>("alarm", settings.Alarm) ?? defaults.Kind,
            Mode = Choice.Parse<PoolMode>("pool", settings.Pool) ?? defaults.Mode,
            Delta = settings.Delta ?? defaults.Delta,
            ExpectedRunTime = settings.RunTime ?? defaults.ExpectedRunTime,
            Seed = settings.Seed ?? defaults.Seed,
        };
        options.Validate();

        ScoreDrift? drift = settings.DriftWindow is { } rows ? new ScoreDrift(calibration, rows, settings.Alpha ?? new DriftMonitorOptions().Alpha) : null;

        // Standard output carries the lines alone; words for people go beside them.
        TextWriter words = Console.Error;
        void Say(string text)
        {
            if (!settings.Quiet)
                words.WriteLine(text);
        }

        using WatchJournal journal = WatchJournal.Open(
            () => new StreamWatcher(watched.Detector, watched.Shape, calibration, threshold, new AlarmMonitor(calibration, options), watched.Nearest) { Drift = drift, Device = watched.Device },
            state => StreamWatcher.Resume(state, watched.Detector, watched.Shape, calibration, threshold, watched.Nearest, drift, watched.Device),
            settings.State, settings.Decisions, settings.Decisions is null ? Console.Out : null);
        using var metrics = new WatchMetrics(journal.Watcher, watched.Detector.Name);
        using MeterProvider? exporter = settings.Otlp is { } endpoint
            ? Sdk.CreateMeterProviderBuilder().AddMeter(WatchMetrics.MeterName).AddOtlpExporter(o => o.Endpoint = new Uri(endpoint)).Build() : null;
        Say(string.Create(CultureInfo.InvariantCulture, $"{watched.Detector.Name}: threshold {threshold.Value:0.####} (at most {share:P2} false alarms), {calibration.Count:N0} calibration scores{(journal.Watcher.Counts.Records > 0 ? $"; goes on after {journal.Watcher.Counts.Records:N0} records" : "")}"));
        if (options.Caveat is { } caveat)
            Say(caveat);
        var started = DateTimeOffset.UtcNow;
        bool alarmed = Run(settings, session, watched, journal, metrics, Say, () => new
        {
            status = "ok",
            detector = watched.Detector.Name,
            calibrationHash = calibration.Hash,
            since = started,
            counts = journal.Watcher.Counts,
        });
        WatchCounts counts = journal.Watcher.Counts;
        Say(string.Create(CultureInfo.InvariantCulture, $"{counts.Records:N0} records, {counts.Anomalies:N0} anomalous, {counts.Alarms:N0} alarms of the stream, {counts.Malformed:N0} malformed, {counts.Duplicates:N0} duplicates"));
        if (drift is not null)
            Say(string.Create(CultureInfo.InvariantCulture, $"{counts.Windows:N0} windows of {drift.WindowRows:N0} scores, {counts.Drifts:N0} of them drifted; {drift.Waiting.Count:N0} scores wait"));
        if (settings.Json)
            session.Terminal.Result(new { Detector = watched.Detector.Name, Threshold = threshold.Value, counts.Records, counts.Anomalies, counts.Alarms, counts.Windows, counts.Drifts, counts.Malformed, counts.Duplicates });
        return alarmed ? DriftCommand.Found : Done;
    }

    /// <summary>Runs until the source ends or the command is stopped; true where an alarm ended it.</summary>
    private static bool Run(Settings settings, Session session, WatchedDetector watched, WatchJournal journal, WatchMetrics metrics, Action<string> say, Func<object> health)
    {
        bool fromHttp = settings.Input is null && settings.Http is not null;
        if (fromHttp && journal.Position.Length > 0)
            throw new DataException(settings.State ?? "state", "was made with another kind of input than HTTP", "give the same --input, or start anew without the state");
        string? token = settings.Token ?? Environment.GetEnvironmentVariable("ESPALIER_WATCH_TOKEN");
        OptionsException.Require(token is null || (token.Length > 0 && token.All(c => c is > ' ' and < '\x7F')), "token", null, "must be letters, digits and signs of ASCII, without spaces");
        WatchServer? server = settings.Http is { } address
            ? WatchServer.Start(address, settings.LongestBody ?? 1 << 20, fromHttp, token, watched.Features, metrics.ToPrometheus, health) : null;
        try
        {
            if (server is not null)
                say($"listening on {server.Address}");
            if (server is { IsOpen: true } && token is null)
                Console.Error.WriteLine("warning: everybody who reaches this address can send records and read the counts: give --token, or listen on the loopback address only");
            return fromHttp
                ? Serve(server!, settings, journal, metrics, session.Stop).GetAwaiter().GetResult()
                : Follow(settings, watched, journal, metrics, session.Stop).GetAwaiter().GetResult();
        }
        finally
        {
            server?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static async Task<bool> Follow(Settings settings, WatchedDetector watched, WatchJournal journal, WatchMetrics metrics, CancellationToken stop)
    {
        string input = settings.Input ?? StandardInput;
        int batchSize = StopsEarly(settings) ? 1 : BatchSize;
        IAsyncEnumerable<WatchBatch> batches;
        Stream? opened = null;
        if (Directory.Exists(input))
        {
            batches = new FolderSource(input, watched.Row, watched.Picture, batchSize).Read(journal.Position, settings.Once, stop);
        }
        else
        {
            long dealt = journal.Position.Length == 0 ? 0 : long.TryParse(journal.Position, NumberStyles.None, CultureInfo.InvariantCulture, out long lines) ? lines
                : throw new DataException(settings.State ?? "state", "was made with another kind of input", "give the same --input, or start anew without the state");
            opened = input == StandardInput ? Console.OpenStandardInput() : OpenLines(input);
            bool replays = input != StandardInput || settings.Replay;
            batches = new JsonLinesSource(opened, watched.Features, batchSize).Read(replays ? dealt : 0, dealt + 1, stop);
        }

        using (opened)
        {
            await foreach (WatchBatch batch in batches.ConfigureAwait(false))
            {
                if (Commit(settings, journal, metrics, batch).Any(e => Ends(settings, e)))
                    return true;
            }
        }

        return false;
    }

    private static async Task<bool> Serve(WatchServer server, Settings settings, WatchJournal journal, WatchMetrics metrics, CancellationToken stop)
    {
        var waiting = new List<WatchRequest>();
        try
        {
            while (await server.Requests.WaitToReadAsync(stop).ConfigureAwait(false))
            {
                // What waits together is made durable together.
                waiting.Clear();
                int records = 0;
                while (records < (StopsEarly(settings) ? 1 : BatchSize) && server.Requests.TryRead(out WatchRequest? request))
                {
                    waiting.Add(request);
                    records += request.Items.Count;
                }

                bool alarmed = false;
                try
                {
                    foreach ((WatchRequest request, IReadOnlyList<WatchEvent> events) in waiting.Zip(CommitEach(settings, journal, metrics, waiting)))
                    {
                        alarmed |= events.Any(e => Ends(settings, e));
                        request.Answer.TrySetResult(events);
                    }
                }
                catch
                {
                    waiting.ForEach(r => r.Answer.TrySetCanceled());
                    throw;
                }

                if (alarmed)
                    return true;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped in order: what waits is refused, what was answered is kept.
        }

        return false;
    }

    private static List<IReadOnlyList<WatchEvent>> CommitEach(Settings settings, WatchJournal journal, WatchMetrics metrics, List<WatchRequest> requests)
    {
        if (StopsEarly(settings))
        {
            // Nothing is decided after the record that ends the watch.
            var events = new List<WatchEvent>();
            foreach (WatchItem item in requests.SelectMany(r => r.Items).TakeWhile(_ => !events.Exists(e => Ends(settings, e))))
                events.AddRange(Commit(settings, journal, metrics, new([item], "")));
            return [events];
        }

        IReadOnlyList<WatchEvent> all = Commit(settings, journal, metrics, new([.. requests.SelectMany(r => r.Items)], ""));

        // Each record has one event, followed by its alarms and by the test of a window that it fills.
        var shared = new List<IReadOnlyList<WatchEvent>>();
        int at = 0;
        foreach (WatchRequest request in requests)
        {
            int start = at;
            for (int left = request.Items.Count; left > 0; left--)
            {
                at++;
                while (at < all.Count && all[at].Type is "alarm" or "drift")
                    at++;
            }

            shared.Add([.. all.Skip(start).Take(at - start)]);
        }

        return shared;
    }

    private static IReadOnlyList<WatchEvent> Commit(Settings settings, WatchJournal journal, WatchMetrics metrics, WatchBatch batch)
    {
        var watch = Stopwatch.StartNew();
        IReadOnlyList<WatchEvent> events = journal.Commit(batch, DateTimeOffset.UtcNow, settings.AlarmsOnly);
        metrics.Update(journal.Watcher, watch.Elapsed);
        return events;
    }

    /// <summary>Whether an alarm or a drift ends the watch: then records are dealt with one by one.</summary>
    private static bool StopsEarly(Settings settings) => settings.FailOnAlarm || settings.FailOnDrift;

    /// <summary>Whether an event is what the user wants the watch to end at.</summary>
    private static bool Ends(Settings settings, WatchEvent each) => (settings.FailOnAlarm && each.Alarm is { Kind: not "threshold" }) || (settings.FailOnDrift && each.Drift is { IsDrift: true });

    private static FileStream OpenLines(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, "cannot be read", "give stdin, a file of JSON lines or a folder", error);
        }
    }
}
