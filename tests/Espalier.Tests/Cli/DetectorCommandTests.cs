using System.Text.Json.Nodes;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Evaluation;
using Espalier.Anomaly.Persistence;
using Espalier.Files;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

public sealed class DetectorCommandTests(TinyRun tiny) : IClassFixture<TinyRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Detectors_are_compared_and_the_best_is_kept_and_used()
    {
        string run = tiny.Folder;
        string into = Path.Combine(_folder.Path, "compared");
        CommandResult compared = InProcess.Run("detectors", "compare", run, "--detectors", "msp,energy,knn:k=5,ensemble:energy+knn:k=5", "--near", "negative", "--far", "gaussian", "--far", "blobs", "--draws", "3", "--out", into, "--json", "--quiet");
        Assert.Equal((0, ""), (compared.ExitCode, compared.Error));
        JsonNode record = JsonNode.Parse(compared.Output)!;
        string recommended = (string)record["recommended"]!;
        Assert.Equal((string)record["ranking"]![0]!["detector"]!, recommended);

        // The files agree with each other: the mean of the table is that of the raw scores' protocol.
        Assert.All(new[] { "comparison.csv", "comparison.md", "comparison.json", "curves.json", "scores.npz", "report.html" }, f => Assert.True(File.Exists(Path.Combine(into, f)), f));
        NpzFile scores = NpzFile.Open(Path.Combine(into, "scores.npz"));
        DetectionResult raw = new DetectionProtocol(new() { Draws = 3 }).Measure(scores.Load("knn_k_5/test").ToDoubles(), scores.Load("knn_k_5/blobs").ToDoubles());
        JsonNode row = record["rows"]!.AsArray().Single(r => (string)r!["detector"]! == "knn:k=5" && (string)r["set"]! == "blobs")!;
        Assert.Equal(raw.Auroc, (double)row["mean"]!["auroc"]!, 1e-12);
        Assert.Equal(raw.Deviation.Auroc, (double)row["deviation"]!["auroc"]!, 1e-12);
        Assert.True(raw.Deviation.Auroc > 0);
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(into, "charts", "blobs-roc.svg")), StringComparison.Ordinal);
        Assert.Contains("took no part in the choice", File.ReadAllText(Path.Combine(into, "report.html")), StringComparison.Ordinal);

        string file = _folder.File("detector.zip");
        CommandResult fitted = InProcess.Run("detectors", "fit", run, "--detector", "knn:k=5", "--fpr", "0.1", "--examples", "20", "--out", file, "--json", "--quiet");
        Assert.Equal((0, ""), (fitted.ExitCode, fitted.Error));
        Assert.Equal(20, DetectorArchive.Read(file).Examples!.Ids.Count);
        string csv = _folder.File("scores.csv");
        CommandResult scored = InProcess.Run("detectors", "score", run, "--with", file, "--inputs", "blobs", "--count", "30", "--out", csv, "--json", "--quiet");
        Assert.Equal((0, ""), (scored.ExitCode, scored.Error));
        JsonArray rows = JsonNode.Parse(scored.Output)!.AsArray();
        double threshold = (double)JsonNode.Parse(fitted.Output)!["threshold"]!;
        Assert.Equal(30, rows.Count);
        Assert.All(rows, r => Assert.Equal((double)r!["score"]! > threshold, (bool)r["anomalous"]!));
        Assert.Equal(31, File.ReadAllLines(csv).Length);

        // Above the threshold is where the p-value is at most the share.
        Assert.All(rows, r => Assert.Equal((bool)r!["anomalous"]!, (double)r["pValue"]! <= 0.1 + 1e-12));
    }

    [Fact]
    public void Sets_of_outliers_are_looked_at_before_they_are_used()
    {
        CommandResult found = InProcess.Run("detectors", "outliers", tiny.Folder, "--set", "gaussian", "--set", "jigsaw", "--count", "40", "--json", "--quiet");

        Assert.Equal((0, ""), (found.ExitCode, found.Error));
        JsonArray sets = JsonNode.Parse(found.Output)!.AsArray();
        Assert.Equal(["gaussian", "jigsaw"], sets.Select(s => (string)s!["set"]!));
        Assert.All(sets, s => Assert.Equal((40, 40, 0), ((int)s!["report"]!["count"]!, (int)s["report"]!["distinct"]!, (int)s["report"]!["inTraining"]!)));
        CommandResult none = InProcess.Run("detectors", "outliers", tiny.Folder);
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("--set notmnist", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exported_model_is_scored_by_what_needs_no_features()
    {
        string run = tiny.Folder;
        string model = _folder.File("model.onnx");
        Assert.Equal(0, InProcess.Run("export", run, "--out", model, "--quiet").ExitCode);
        string into = Path.Combine(_folder.Path, "compared");
        CommandResult compared = InProcess.Run("detectors", "compare", model, "--far", "gaussian", "--draws", "2", "--out", into, "--json", "--quiet");
        Assert.Equal((0, ""), (compared.ExitCode, compared.Error));
        JsonNode record = JsonNode.Parse(compared.Output)!;
        string[] measured = [.. record["rows"]!.AsArray().Select(r => (string)r!["detector"]!).Distinct()];
        Assert.Contains("energy:T=1", measured);
        Assert.DoesNotContain(measured, d => d.StartsWith("knn", StringComparison.Ordinal));
        Assert.Contains("features", (string)record["skipped"]!["knn"]!, StringComparison.Ordinal);
        string file = _folder.File("onnx.zip");
        CommandResult fitted = InProcess.Run("detectors", "fit", model, "--detector", "klm", "--out", file, "--json", "--quiet");
        Assert.Equal((0, ""), (fitted.ExitCode, fitted.Error));
        Assert.Equal(0, InProcess.Run("detectors", "score", model, "--with", file, "--json", "--quiet").ExitCode);

        // The same weights in another file are another model.
        CommandResult refused = InProcess.Run("detectors", "score", run, "--with", file);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("was fitted on the model", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_done_is_said_in_a_line()
    {
        string run = tiny.Folder;
        void Refused(string part, params string[] words)
        {
            CommandResult result = InProcess.Run(words);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(part, result.Error, StringComparison.Ordinal);
            Assert.Single(result.Error.Trim().Split('\n'));
        }

        Refused("did you mean 'energy'", "detectors", "compare", run, "--detectors", "enery");
        Refused("did you mean 'blobs'", "detectors", "compare", run, "--far", "blob");
        Refused("to choose detectors by", "detectors", "compare", run, "--far", "jigsaw");
        Refused("at least 9999", "detectors", "fit", run, "--fpr", "0.0001", "--out", _folder.File("x.zip"));
        Refused("does not exist", "detectors", "score", run, "--with", _folder.File("absent.zip"));
        Refused("'conv", "detectors", "fit", run, "--detector", "knn:k=3", "--layer", "conv99", "--out", _folder.File("x.zip"));
        Assert.False(File.Exists(_folder.File("x.zip")));
    }

    [Fact]
    public void The_detect_command_takes_any_detector_and_any_outliers()
    {
        string run = tiny.Folder;
        CommandResult result = InProcess.Run("detect", run, "--detector", "mds", "--outliers", "negative", "--outliers", "uniform", "--count", "50", "--out", Path.Combine(_folder.Path, "detected"), "--json", "--quiet");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.InRange((double)JsonNode.Parse(result.Output)!["detect.uniform.auroc"]!, 0.5, 1);
        CommandResult list = InProcess.Run("detectors", "list", "--json", "--quiet");
        Assert.Equal(DetectorCatalog.All.Count, JsonNode.Parse(list.Output)!.AsArray().Count);
    }
}
