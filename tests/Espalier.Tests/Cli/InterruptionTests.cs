using System.Diagnostics;
using System.Runtime.InteropServices;
using Espalier.Runs.Store;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

/// <summary>A run that is ended half-way and continued must be the run that was never disturbed.</summary>
[Collection(Beside.Name)]
public sealed partial class InterruptionTests(UndisturbedRun undisturbed) : IClassFixture<UndisturbedRun>, IDisposable
{
    private const int StopAfter = 60;

    /// <summary>SIGTERM; Ctrl+C does the same, but is ignored by what a shell without jobs starts in the background.</summary>
    private const int TerminateSignal = 15;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_killed_run_is_continued_to_the_same_end()
    {
        using Process process = Begin("killed");
        process.Kill();
        process.WaitForExit();
        Assert.Equal(RunStatus.Running, Run.Open(_folder.File("killed")).Manifest.Status);
        Assert.False(File.Exists(_folder.File("killed/model.safetensors")), "the run was to be killed half-way");
        ContinuesToTheSameEnd("killed");
    }

    [Fact]
    public void An_interrupted_run_says_how_to_continue_and_does_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a process cannot be sent Ctrl+C there");
        using Process process = Begin("interrupted");
        Assert.Equal(0, Kill(process.Id, TerminateSignal));
        CommandResult result = EspalierProcess.End(process);
        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        Assert.Contains("interrupted; continue with: espalier run --resume interrupted", result.Output, StringComparison.Ordinal);
        Assert.Equal(RunStatus.Interrupted, Run.Open(_folder.File("interrupted")).Manifest.Status);
        Assert.False(File.Exists(_folder.File("interrupted/model.safetensors")), "the run was to be interrupted half-way");
        ContinuesToTheSameEnd("interrupted");
    }

    private Process Begin(string name)
    {
        Process process = EspalierProcess.Start(_folder.Path, UndisturbedRun.Arguments(_folder, name));
        string metrics = _folder.File($"{name}/metrics.jsonl");
        Stopwatch clock = Stopwatch.StartNew();
        while (MetricLog.Read(metrics) is not [.., { Step: >= StopAfter }])
        {
            Assert.False(process.HasExited, "the run ended before it could be disturbed");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "the run does not get on");
            Thread.Sleep(2);
        }

        return process;
    }

    private void ContinuesToTheSameEnd(string name)
    {
        int reached = MetricLog.Read(_folder.File($"{name}/metrics.jsonl")).Count;
        CommandResult resumed = EspalierProcess.Run(_folder.Path, "run", "--resume", name, "--threads", "1");
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));

        IReadOnlyList<MetricRecord> expected = MetricLog.Read(undisturbed.File("metrics.jsonl"));
        IReadOnlyList<MetricRecord> actual = MetricLog.Read(_folder.File($"{name}/metrics.jsonl"));
        Assert.InRange(reached, StopAfter, expected.Count - 1);
        Assert.Equal(Enumerable.Range(1, expected.Count).Select(s => (long)s), actual.Select(m => m.Step));
        foreach ((MetricRecord e, MetricRecord a) in expected.Zip(actual))
            Assert.Equal(e.Values.Where(v => v.Key != "train.samplesPerSecond"), a.Values.Where(v => v.Key != "train.samplesPerSecond"));
        Assert.True(actual.Zip(actual.Skip(1)).All(p => p.First.Time <= p.Second.Time));
        Assert.Equal(TinyRun.Numbers(undisturbed.Folder), TinyRun.Numbers(_folder.File(name)));
        Assert.Equal(File.ReadAllBytes(undisturbed.File("model.safetensors")), File.ReadAllBytes(_folder.File($"{name}/model.safetensors")));
        Assert.Single(Directory.GetFiles(_folder.File($"{name}/tensorboard")));
    }

    // A program started to send the signal may come too late on a busy machine.
    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
