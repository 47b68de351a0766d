using System.Text.Json.Nodes;
using Espalier.Errors;
using Espalier.Runs.Store;
using Espalier.Tests.Data;

namespace Espalier.Tests.Runs;

public sealed class RunTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    private static RunManifest Manifest(string name = "digits", int second = 5) => new()
    {
        Name = name,
        Kind = "run",
        CreatedUtc = new DateTime(2026, 3, 4, 1, 2, second, DateTimeKind.Utc),
    };

    [Fact]
    public void A_folder_has_name_and_time_and_is_never_shared()
    {
        using Run a = Run.Create(_root.Path, "digits", Manifest());
        using Run b = Run.Create(_root.Path, "digits", Manifest());
        using Run odd = Run.Create(_root.Path, "../a b/ü", Manifest());
        Assert.Equal(_root.File("digits-20260304-010205"), a.Folder);
        Assert.Equal(_root.File("digits-20260304-010205-2"), b.Folder);
        Assert.Equal(_root.Path, Path.GetDirectoryName(odd.Folder));
        Assert.Equal("a-b-20260304-010205", Path.GetFileName(odd.Folder));
        Assert.Equal(RunStatus.Running, a.Manifest.Status);
        Assert.Equal(Path.Combine(a.Folder, "model.safetensors"), a.WeightsPath);
    }

    [Fact]
    public void A_run_that_failed_before_it_left_anything_does_not_block_its_folder()
    {
        string folder = _root.File("again");
        using (Run failed = Run.CreateAt(folder, Manifest()))
            failed.Finish(RunStatus.Failed, "bad data");
        using (Run second = Run.CreateAt(folder, Manifest("second")))
        {
            Assert.Equal("second", second.Manifest.Name);
            Directory.CreateDirectory(second.CheckpointFolder);
            File.WriteAllText(Path.Combine(second.CheckpointFolder, "last.safetensors"), "weights");
            second.Finish(RunStatus.Failed, "out of memory");
        }

        // What has a checkpoint can be resumed, and what has finished has a result: both are kept.
        Assert.Equal("out", Assert.Throws<OptionsException>(() => Run.CreateAt(folder, Manifest())).Option);
        string whole = _root.File("whole");
        using (Run done = Run.CreateAt(whole, Manifest()))
            done.Finish(RunStatus.Completed);
        Assert.Equal("out", Assert.Throws<OptionsException>(() => Run.CreateAt(whole, Manifest())).Option);
    }

    [Fact]
    public void The_manifest_survives_a_round_trip()
    {
        DateTime started = DateTime.UtcNow;
        using (Run run = Run.CreateAt(_root.File("r"), Manifest() with
        {
            CommandLine = "espalier run digits --seed 3",
            Options = JsonNode.Parse("""{"train":{"epochs":3}}"""),
            Seed = 3,
            Machine = MachineInfo.Current(),
            SourceRun = "runs/other",
        }))
        {
            run.Update(m => m with { DataChecksums = new Dictionary<string, string> { ["digits.csv"] = "bb91" } });
            run.Finish(RunStatus.Completed);
        }

        JsonNode json = JsonNode.Parse(File.ReadAllText(_root.File("r/run.json")))!;
        Assert.Equal("completed", (string?)json["status"]);
        Assert.Equal("2026-03-04T01:02:05Z", (string?)json["createdUtc"]);
        Assert.Equal("bb91", (string?)json["dataChecksums"]!["digits.csv"]);
        Assert.Equal(Environment.ProcessorCount, (int?)json["machine"]!["cores"]);
        Assert.Equal(Environment.Version.ToString(), (string?)json["machine"]!["dotNet"]);
        Assert.StartsWith("0.107", (string?)json["machine"]!["torchSharp"], StringComparison.Ordinal);

        Run read = Run.Open(_root.File("r"));
        Assert.Equal((3, "runs/other", RunStatus.Completed), (read.Manifest.Seed, read.Manifest.SourceRun, read.Manifest.Status));
        Assert.Equal(3, (int?)read.Manifest.Options!["train"]!["epochs"]);
        Assert.InRange(read.Manifest.FinishedUtc!.Value, started, DateTime.UtcNow);
    }

    [Fact]
    public void Disposing_marks_only_what_was_started_here()
    {
        Run.CreateAt(_root.File("r"), Manifest()).Dispose();
        Assert.Equal(RunStatus.Interrupted, Run.Open(_root.File("r")).Manifest.Status);
        Run resumed = Run.Open(_root.File("r"));
        resumed.Resume();
        Run.Open(_root.File("r")).Dispose();
        Assert.Equal(RunStatus.Running, Run.Open(_root.File("r")).Manifest.Status);
        resumed.Finish(RunStatus.Failed, "loss is NaN");
        resumed.Dispose();
        Assert.Equal((RunStatus.Failed, "loss is NaN"), (Run.Open(_root.File("r")).Manifest.Status, Run.Open(_root.File("r")).Manifest.Error));
    }

    [Fact]
    public void Opens_by_path_name_and_last()
    {
        using Run older = Run.Create(_root.Path, "z", Manifest("z", 1));
        using Run newer = Run.Create(_root.Path, "a", Manifest("a", 2));
        _root.Write("broken/run.json", "{");
        Assert.Equal(older.Folder, Run.Open(Path.GetFileName(older.Folder), _root.Path).Folder);
        Assert.Equal(newer.Folder, Run.Open("last", _root.Path).Folder);
        Assert.Contains("z-20260304-010201", Assert.Throws<NotFoundException>(() => Run.Open("z-20260304-010202", _root.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<NotFoundException>(() => Run.Open("last", _root.File("empty")));
        Assert.Throws<DataException>(() => Run.Open(_root.File("broken")));
        Assert.Equal("out", Assert.Throws<OptionsException>(() => Run.CreateAt(older.Folder, Manifest())).Option);
    }

    [Fact]
    public void The_summary_is_sorted_and_honest()
    {
        using Run run = Run.CreateAt(_root.File("r"), Manifest());
        run.Summary.Set("test.loss", 0.1);
        run.Summary.Set("a", double.NaN);
        run.Summary.Set("B", 1e-300);
        run.Summary.Save();
        Assert.Equal("""{"B":1E-300,"a":null,"test.loss":0.1}""", string.Concat(File.ReadAllText(run.SummaryPath).Where(c => !char.IsWhiteSpace(c))));
        RunSummary read = RunSummary.Load(run.SummaryPath);
        Assert.Equal((0.1, null, 1e-300, null), (read["test.loss"], read["a"], read["B"], read["absent"]));
        Assert.Equal(["run.json", "summary.json"], Directory.GetFiles(run.Folder).Select(Path.GetFileName).Where(n => n![0] != '.').Order());
        File.WriteAllText(run.SummaryPath, "[1]");
        Assert.Throws<DataException>(() => RunSummary.Load(run.SummaryPath));
    }
}
