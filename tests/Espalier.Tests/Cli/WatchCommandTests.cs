using System.Text;
using System.Text.Json;
using Espalier.Anomaly.Tabular;
using Espalier.Data.Tables;
using Espalier.Randomness;
using Espalier.Tests.Anomaly;
using Espalier.Tests.Data;

namespace Espalier.Tests.Cli;

/// <summary>Rows without a model, from the table to the watch, as a user does it.</summary>
public sealed class WatchCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Fit(string detector = "ecod")
    {
        CommandResult fit = InProcess.Run("detectors", "fit-rows", TabularFitTests.Table(_folder), "--label", "kind", "--normal", "ok", "--detector", detector, "--fpr", "0.05", "--out", _folder.File("d.zip"), "--quiet");
        Assert.Equal((0, "", ""), (fit.ExitCode, fit.Output, fit.Error));
        return _folder.File("d.zip");
    }

    internal static string Lines(int count, double shift = 0, int from = 0)
    {
        var text = new StringBuilder();
        for (int i = from; i < from + count; i++)
        {
            var random = new SplitMix64(107, i);
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{{\"size\": {random.NextNormal() + shift}, \"weight\": {random.NextNormal() * 100}, \"colour\": \"{(i % 2 == 0 ? "red" : "blue")}\"}}\n");
            if (i % 40 == 39)
                text.Append("{ broken\n");
        }

        return text.ToString();
    }

    [Fact]
    public void A_table_is_fitted_scored_and_compared_without_a_model()
    {
        string detector = Fit();
        string fresh = TabularFitTests.Table(_folder, "new.csv", 2, 200);
        CommandResult score = InProcess.Run("detectors", "score-rows", detector, fresh, "--json", "--anomaly", "odd", "--out", _folder.File("scores.csv"));
        Assert.Equal(0, score.ExitCode);
        JsonElement result = JsonDocument.Parse(score.Output).RootElement;
        Assert.Equal(200, result.GetProperty("rows").GetArrayLength());
        TabularDetector kept = TabularDetector.Load(detector);
        double[] expected = kept.Score(NumericTable.ReadAs(fresh, kept.Schema!).Rows);
        Assert.Equal(expected, result.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("score").GetDouble()));
        Assert.Equal(201, File.ReadAllLines(_folder.File("scores.csv")).Length);
        int flagged = expected.Count(s => kept.Threshold!.IsAnomalous(s));
        Assert.Contains($"{flagged} of 200 rows are anomalous", score.Error);

        CommandResult calm = InProcess.Run("drift", "--reference", _folder.File("rows.csv"), "--window", fresh, "--label", "kind", "--fail-on-drift", "--alpha", "0.001", "--permutations", "0");
        Assert.Equal(0, calm.ExitCode);
        CommandResult drift = InProcess.Run("drift", "--reference", _folder.File("rows.csv"), "--window", TabularFitTests.Table(_folder, "moved.csv", 3, 200, shift: 2), "--label", "kind", "--fail-on-drift", "--json");
        Assert.Equal(3, drift.ExitCode);
        Assert.True(JsonDocument.Parse(drift.Output).RootElement.GetProperty("features").EnumerateArray().Single(f => f.GetProperty("name").GetString() == "size").GetProperty("isDrift").GetBoolean());
    }

    [Fact]
    public void Refusals_say_what_to_mend()
    {
        string detector = Fit();
        void Refused(string expected, params string[] arguments)
        {
            CommandResult result = InProcess.Run(arguments);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(expected, result.Error);
        }

        Refused("'ecod'", "detectors", "fit-rows", _folder.File("rows.csv"), "--detector", "ecodd");
        Refused("at least 9999", "detectors", "fit-rows", _folder.File("rows.csv"), "--label", "kind", "--fpr", "0.0001");
        Refused("'kind'", "detectors", "fit-rows", _folder.File("rows.csv"), "--label", "knd");
        Refused("does not exist", "watch", _folder.File("none.zip"));
        Refused("http", "watch", detector, "--http", "eighty");
        Refused("martingale", "watch", detector, "--alarm", "bell");
        Refused("cannot be read", "watch", detector, "--input", _folder.File("none.jsonl"));
        Refused("reference", "drift", "--window", _folder.File("rows.csv"));
        Refused("no column 'size'", "detectors", "score-rows", detector, _folder.Write("other.csv", "a,b\n1,2\n"));
    }

    [Fact]
    public void An_alarm_ends_the_watch_with_3()
    {
        string detector = Fit();
        string calm = _folder.Write("calm.jsonl", Lines(300));
        CommandResult quiet = InProcess.Run("watch", detector, "--input", calm, "--decisions", _folder.File("calm.out"), "--fail-on-alarm", "--json");
        Assert.Equal(0, quiet.ExitCode);
        JsonElement counts = JsonDocument.Parse(quiet.Output).RootElement;
        Assert.Equal((300, 7), (counts.GetProperty("records").GetInt32(), counts.GetProperty("malformed").GetInt32()));
        CommandResult alarm = InProcess.Run("watch", detector, "--input", _folder.Write("moved.jsonl", Lines(300, shift: 3)), "--fail-on-alarm", "--alarms-only");
        Assert.Equal(3, alarm.ExitCode);
        Assert.All(alarm.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains(JsonDocument.Parse(line).RootElement.GetProperty("type").GetString()!, new[] { "alarm", "malformed" }));
        Assert.Contains("\"kind\":\"martingale\"", alarm.Output);
    }

    [Fact]
    public void A_folder_is_watched_until_nothing_is_new()
    {
        string detector = Fit();
        Directory.CreateDirectory(_folder.File("in"));
        File.Copy(_folder.File("rows.csv"), _folder.File("in/a.csv"));
        string[] arguments = ["watch", detector, "--input", _folder.File("in"), "--once", "--state", _folder.File("state.json"), "--decisions", _folder.File("out.jsonl"), "--quiet", "--json"];
        CommandResult first = InProcess.Run(arguments);
        Assert.Equal(0, first.ExitCode);
        Assert.Equal(300, JsonDocument.Parse(first.Output).RootElement.GetProperty("records").GetInt32());
        File.AppendAllText(_folder.File("in/a.csv"), "1,2,red,ok\n1,2,green,ok\n");
        JsonElement second = JsonDocument.Parse(InProcess.Run(arguments).Output).RootElement;
        Assert.Equal((301, 1), (second.GetProperty("records").GetInt32(), second.GetProperty("malformed").GetInt32()));
    }
}
