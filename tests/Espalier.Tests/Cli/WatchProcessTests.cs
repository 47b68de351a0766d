using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Espalier.Anomaly.Tabular;
using Espalier.Randomness;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;

namespace Espalier.Tests.Cli;

/// <summary>The watch as a program of its own: fed, killed, served, started again.</summary>
[Collection(Beside.Name)]
public sealed partial class WatchProcessTests(FittedDetector fitted) : IClassFixture<FittedDetector>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Standard_input_is_read_to_its_end_and_a_replay_adds_nothing()
    {
        string detector = fitted.Path;
        string text = WatchCommandTests.Lines(100);
        int Watch(params string[] more)
        {
            var start = new ProcessStartInfo(EspalierProcess.Command, ["watch", detector, "--input", "stdin", "--state", _folder.File("state.json"), "--decisions", _folder.File("out.jsonl"), "--quiet", .. more])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            process.StandardInput.Write(text);
            process.StandardInput.Close();
            CommandResult result = EspalierProcess.End(process);
            Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
            return File.ReadAllLines(_folder.File("out.jsonl")).Count(l => !l.Contains("\"type\":\"alarm\"", StringComparison.Ordinal));
        }

        Assert.Equal(102, Watch());                                         // two of them malformed
        Assert.Equal(102, Watch("--replay"));
        Assert.Equal(204, Watch());                                         // without ids and replay they are new records
    }

    [Fact]
    public void Killed_at_random_moments_it_loses_and_doubles_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a killed process keeps its files for a moment there");
        string detector = fitted.Path;
        const int Records = 20_000;
        string input = _folder.Write("in.jsonl", WatchCommandTests.Lines(Records / 2) + WatchCommandTests.Lines(Records / 2, shift: 1, from: Records / 2));
        Assert.Equal(0, EspalierProcess.Run(_folder.Path, "watch", detector, "--input", input, "--decisions", _folder.File("whole.jsonl"), "--quiet").ExitCode);
        string[] arguments = ["watch", detector, "--input", input, "--state", _folder.File("state.json"), "--decisions", _folder.File("parts.jsonl"), "--quiet"];
        var random = new SplitMix64(109, Environment.TickCount);
        int killed = 0;
        for (int i = 0; i < 4; i++)
        {
            using Process process = EspalierProcess.Start(_folder.Path, arguments);

            // Some time after the first new decision, wherever that falls.
            long before = Length("parts.jsonl");
            while (Length("parts.jsonl") <= before && !process.HasExited)
                Thread.Sleep(1);
            Thread.Sleep(random.NextBelow(60));
            killed += process.HasExited ? 0 : 1;
            process.Kill();
            process.WaitForExit();
        }

        Assert.True(killed >= 2, "the watch was done before it could be killed");
        CommandResult end = EspalierProcess.Run(_folder.Path, arguments);
        Assert.Equal((0, ""), (end.ExitCode, end.Error));
        Assert.Equal(WithoutTimes("whole.jsonl"), WithoutTimes("parts.jsonl"));

        // Once more: nothing is left to do.
        EspalierProcess.Run(_folder.Path, arguments);
        Assert.Equal(WithoutTimes("whole.jsonl"), WithoutTimes("parts.jsonl"));
    }

    /// <summary>Ids of a hundred megabytes in all: what is kept of each is bounded, and what is not kept is freed.</summary>
    [Fact]
    public async Task Over_HTTP_huge_ids_are_answered_and_take_little_memory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the peak of another process is read from /proc");
        string[] arguments = ["watch", fitted.Path, "--http", "0", "--state", _folder.File("huge.json"), "--decisions", _folder.File("huge.jsonl"), "--max-body", "2000000"];
        (Process process, HttpClient client) = await Serve(arguments);
        using (process)
        using (client)
        {
            string padding = new('x', 900_000);
            var ids = new HashSet<string>();
            for (int i = 0; i < 120; i++)
            {
                JsonElement one = await Score(client, $$"""{ "id": "{{padding}}{{i}}", "size": 0.1, "weight": 3, "colour": "red" }""", HttpStatusCode.OK);
                JsonElement decision = one.GetProperty("events")[0];
                Assert.Equal("decision", decision.GetProperty("type").GetString());
                Assert.True(ids.Add(decision.GetProperty("id").GetString()!), "ids that differ at their end must stay apart");
            }

            JsonElement again = await Score(client, $$"""{ "id": "{{padding}}7", "size": 0.1, "weight": 3, "colour": "red" }""", HttpStatusCode.OK);
            Assert.Equal("duplicate", again.GetProperty("events")[0].GetProperty("type").GetString());
            string peak = File.ReadLines($"/proc/{process.Id}/status").Single(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            long kilobytes = long.Parse(Regex.Match(peak, @"\d+").Value, System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(kilobytes, 1, 600 << 10);
            Assert.InRange(Length("huge.json"), 1, 1 << 20);
            Assert.InRange(Length("huge.jsonl"), 1, 1 << 20);
            Assert.Equal(0, Kill(process.Id, 15));
            Assert.True(process.WaitForExit(20_000), "SIGTERM must end it");
        }
    }

    [Fact]
    public async Task Over_HTTP_records_are_decided_bounded_and_kept()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a process cannot be sent a signal there");
        string detector = fitted.Path;
        string[] arguments = ["watch", detector, "--http", "0", "--state", _folder.File("state.json"), "--decisions", _folder.File("out.jsonl"), "--max-body", "20000"];
        (Process process, HttpClient client) = await Serve(arguments);
        using (process)
        using (client)
        {
            Assert.Equal("127.0.0.1", client.BaseAddress!.Host);
            JsonElement health = await client.GetFromJsonAsync<JsonElement>("/health");
            Assert.Equal(("ok", "ecod"), (health.GetProperty("status").GetString(), health.GetProperty("detector").GetString()));

            // One record, many, the same one again, bad ones.
            JsonElement one = await Score(client, """{ "id": "a", "size": 0.1, "weight": 3, "colour": "red" }""", HttpStatusCode.OK);
            TabularDetector kept = TabularDetector.Load(detector);
            JsonElement decision = one.GetProperty("events")[0];
            Assert.Equal(kept.Score(new double[,] { { 0.1, 3, 0, 1 } })[0], decision.GetProperty("score").GetDouble());
            JsonElement many = await Score(client, """[{ "id": "a", "size": 0.1, "weight": 3, "colour": "red" }, [9, 900, 0, 1], { "size": "big" }]""", HttpStatusCode.OK);
            Assert.Equal(["duplicate", "decision", "alarm", "malformed"], many.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("type").GetString()));
            Assert.Equal(3, many.GetProperty("events")[2].GetProperty("alarm").GetProperty("nearest").GetArrayLength());
            await Score(client, "{ broken", HttpStatusCode.BadRequest);
            await Score(client, $"[{string.Join(",", Enumerable.Repeat("[1, 2, 0, 1]", 3000))}]", HttpStatusCode.RequestEntityTooLarge);
            Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/other")).StatusCode);
            string metrics = await client.GetStringAsync("/metrics");
            Assert.Contains("espalier_watch_records_total{detector=\"ecod\"} 2\n", metrics);
            Assert.Contains("espalier_watch_malformed_total{detector=\"ecod\"} 2\n", metrics);
            Assert.Contains("espalier_watch_duplicates_total{detector=\"ecod\"} 1\n", metrics);

            // Many clients at once: every record once.
            await Parallel.ForAsync(0, 40, async (i, _) => await Score(client, $"{{ \"id\": {i}, \"size\": 0.{i}, \"weight\": {i}, \"colour\": \"blue\" }}", HttpStatusCode.OK));
            Assert.Equal(0, Kill(process.Id, 15));
            Assert.True(process.WaitForExit(20_000), "SIGTERM must end it");
            Assert.Equal(0, process.ExitCode);
        }

        // A new process remembers counts and ids.
        (process, client) = await Serve(arguments);
        using (process)
        using (client)
        {
            Assert.Contains("espalier_watch_records_total{detector=\"ecod\"} 42\n", await client.GetStringAsync("/metrics"));
            JsonElement again = await Score(client, """{ "id": 7, "size": 0.7, "weight": 7, "colour": "blue" }""", HttpStatusCode.OK);
            Assert.Equal("duplicate", again.GetProperty("events")[0].GetProperty("type").GetString());
            process.Kill();
            process.WaitForExit();
        }

        string[] lines = File.ReadAllLines(_folder.File("out.jsonl"));
        Assert.Equal(42, lines.Count(l => l.Contains("\"type\":\"decision\"", StringComparison.Ordinal)));
    }

    private static async Task<(Process Process, HttpClient Client)> Serve(string[] arguments)
    {
        Process process = EspalierProcess.Start(Path.GetTempPath(), arguments);
        while (await process.StandardError.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line)
        {
            if (Listening().Match(line) is { Success: true } match)
            {
                _ = process.StandardError.ReadToEndAsync();
                return (process, new HttpClient { BaseAddress = new Uri(match.Groups[1].Value) });
            }
        }

        throw new InvalidOperationException("the watch does not listen");
    }

    private static async Task<JsonElement> Score(HttpClient client, string body, HttpStatusCode expected)
    {
        using HttpResponseMessage response = await client.PostAsync("/score", new StringContent(body, Encoding.UTF8, "application/json"));
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{response.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    private long Length(string name) => File.Exists(_folder.File(name)) ? new FileInfo(_folder.File(name)).Length : 0;

    private string WithoutTimes(string name) => Time().Replace(File.ReadAllText(_folder.File(name)), "");

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [GeneratedRegex("\"time\":\"[^\"]*\"")]
    private static partial Regex Time();

    [GeneratedRegex(@"listening on (http://\S+)")]
    private static partial Regex Listening();
}
