using System.Text.Json;
using Espalier.Tests.Data;

namespace Espalier.Tests.Cli;

public sealed class RowsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Fit(string mark)
    {
        string rows = string.Concat(Enumerable.Range(0, 100).Select(i => $"{i / 10}{mark}{i % 10};{(i % 2 == 0 ? "true" : "false")}\n"));
        string path = _folder.File("detector.zip");
        CommandResult fitted = InProcess.Run("detectors", "fit-rows", _folder.Write("rows.csv", "a;active\n" + rows), "--detector", "ecod", "--decimal-mark", mark, "--out", path, "--quiet");
        Assert.Equal(0, fitted.ExitCode);
        return path;
    }

    [Fact]
    public void Rows_that_cannot_be_scored_are_reported_and_the_others_are_scored()
    {
        string detector = Fit(".");
        string table = _folder.Write("new.csv", "a,active\n1.5,true\n2.5,maybe\n\n,false\n3.5,false\n");
        CommandResult score = InProcess.Run("detectors", "score-rows", detector, table, "--json");
        Assert.Equal(0, score.ExitCode);
        JsonElement result = JsonDocument.Parse(score.Output).RootElement;
        Assert.Equal([0, 3], result.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("row").GetInt32()));
        Assert.Equal([(1, 3), (2, 5)], result.GetProperty("leftOut").EnumerateArray().Select(r => (r.GetProperty("row").GetInt32(), r.GetProperty("line").GetInt32())));
        Assert.Contains("2 rows left out, the first: line 3 (row 2), column 'active': 'maybe' is not a known category", score.Error);
        CommandResult refused = InProcess.Run("detectors", "score-rows", detector, table, "--bad-rows", "refuse");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("line 3 (row 2), column 'active': 'maybe'", refused.Error);
    }

    [Fact]
    public void The_decimal_mark_holds_for_fit_score_and_watch_alike()
    {
        string detector = Fit(",");
        string input = Directory.CreateDirectory(_folder.File("in")).FullName;
        string table = _folder.Write("in/new.csv", "a;active\n1,5;true\n-2,5;false");
        CommandResult score = InProcess.Run("detectors", "score-rows", detector, table, "--decimal-mark", ",", "--json");
        double[] scores = [.. JsonDocument.Parse(score.Output).RootElement.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("score").GetDouble())];
        CommandResult watch = InProcess.Run("watch", detector, "--input", input, "--once", "--decimal-mark", ",");
        Assert.Equal(0, watch.ExitCode);
        Assert.Equal(scores, watch.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)
            .Where(e => e.GetProperty("type").GetString() == "decision").Select(e => e.GetProperty("score").GetDouble()));

        // A record of JSON with the same values has the same score, a truth value as such.
        CommandResult record = InProcess.Run("watch", detector, "--input", _folder.Write("r.jsonl", """{"a":1.5,"active":true}"""));
        Assert.Equal(scores[0], JsonDocument.Parse(record.Output.Split('\n')[0]).RootElement.GetProperty("score").GetDouble());
        Assert.Contains("as 99 of", InProcess.Run("detectors", "fit-rows", _folder.Write("c.csv", "a;b\n" + string.Concat(Enumerable.Range(1, 99).Select(i => $"0,{i};1\n"))), "--out", _folder.File("x.zip")).Error);
    }
}
