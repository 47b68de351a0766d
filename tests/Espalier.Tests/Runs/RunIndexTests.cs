using Espalier.Runs.Store;
using Espalier.Tests.Data;

namespace Espalier.Tests.Runs;

public sealed class RunIndexTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    private Run Add(string name, int second, params (string Name, double Value)[] summary)
    {
        Run run = Run.Create(_root.Path, name, new() { Name = name, Kind = "run", CreatedUtc = new DateTime(2026, 1, 1, 0, 0, second, DateTimeKind.Utc) });
        foreach ((string metric, double value) in summary)
            run.Summary.Set(metric, value);
        run.Finish(RunStatus.Completed);
        return run;
    }

    [Fact]
    public void Lists_the_newest_first_and_filters_by_name()
    {
        Add("digits", 1, ("acc", 0.9));
        Add("moons", 2, ("acc", 0.8), ("bad", double.NaN));
        using var index = new RunIndex(_root.Path);
        IReadOnlyList<RunRow> runs = index.List();
        Assert.Equal(["moons", "digits"], runs.Select(r => r.Name));
        Assert.Equal(RunStatus.Completed, runs[0].Status);
        Assert.Equal(new DateTime(2026, 1, 1, 0, 0, 2, DateTimeKind.Utc), runs[0].CreatedUtc);
        Assert.Equal([new("acc", 0.8)], runs[0].Summary);
        Assert.Equal("digits", Assert.Single(index.List("DIG")).Name);
        Assert.Empty(index.List("none"));
    }

    [Fact]
    public void The_folders_are_the_truth()
    {
        Run kept = Add("kept", 1, ("acc", 0.5));
        Run gone = Add("gone", 2, ("acc", 0.6));
        using (var index = new RunIndex(_root.Path))
            Assert.Equal(2, index.List().Count);

        Directory.Delete(gone.Folder, recursive: true);
        kept.Summary.Set("acc", 0.75);
        kept.Summary.Set("more", 1);
        kept.Finish(RunStatus.Failed, "x");
        Add("fresh", 3);
        using (var index = new RunIndex(_root.Path))
        {
            IReadOnlyList<RunRow> runs = index.List();
            Assert.Equal(["fresh", "kept"], runs.Select(r => r.Name));
            Assert.Equal((RunStatus.Failed, 0.75, 1), (runs[1].Status, runs[1].Summary["acc"], runs[1].Summary["more"]));
            File.Delete(index.DatabasePath);
        }

        using (var index = new RunIndex(_root.Path))
            Assert.Equal(2, index.List().Count);
    }

    [Fact]
    public void A_damaged_index_is_built_anew()
    {
        Add("a", 1);
        _root.Write("index.db", new string('x', 5000));
        using var index = new RunIndex(_root.Path);
        Assert.Equal("a", index.List().Single().Name);
    }

    [Fact]
    public void A_damaged_run_does_not_hide_the_others()
    {
        Add("a", 1);
        _root.Write("b/run.json", "{");
        using var index = new RunIndex(_root.Path);
        Assert.Equal("a", index.List().Single().Name);
        Assert.Contains("run.json", index.Problems.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Compares_with_the_first()
    {
        Add("a", 3, ("acc", 0.5), ("loss", 2));
        Add("b", 2, ("acc", 0.75));
        Add("c", 1, ("loss", 1.5), ("time", 3));
        using var index = new RunIndex(_root.Path);
        IReadOnlyList<ComparedValue> table = RunIndex.Compare(index.List());
        Assert.Equal(["acc", "loss", "time"], table.Select(r => r.Name));
        Assert.Equal([0.5, 0.75, null], table[0].Values);
        Assert.Equal([0, 0.25, null], table[0].Differences);
        Assert.Equal([0, null, -0.5], table[1].Differences);
        Assert.Equal([null, null, null], table[2].Differences);
    }
}
