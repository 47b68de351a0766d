using Espalier.Models;
using Espalier.Tests.Cli;
using Espalier.Tests.Concurrency;

namespace Espalier.Tests.Distributed;

/// <summary>Whole runs of several processes from the command line.</summary>
[Collection(Beside.Name)]
public sealed class MpiTrainingTests(LonelyRun lonely) : IClassFixture<LonelyRun>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mpi-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Two_ranks_equal_one_process_after_a_hundred_steps()
    {
        string together = Path.Combine(_folder, "together");
        CommandResult two = MpiJob.Run(2, EspalierProcess.Command, [.. LonelyRun.Arguments(together), "--distributed", "mpi"]);
        Assert.Equal((0, ""), (two.ExitCode, two.Error));
        Assert.Contains("on 2 ranks", two.Output);
        Assert.Single(two.Output.Split('\n'), l => l.Contains("report.html", StringComparison.Ordinal));
        Assert.InRange(Departure(lonely.Folder, together), 0, 1e-5);
    }

    /// <summary>
    /// A network with ReLU parts from itself once rounding flips a unit at its kink, on one process too; until then the losses
    /// agree.
    /// </summary>
    [Fact]
    public void Byol_of_two_ranks_has_the_losses_of_one_process()
    {
        double[] Losses(string folder) => [.. Espalier.Runs.Store.MetricLog.Read(Path.Combine(folder, "metrics.jsonl")).Select(m => m.Values["train.loss"])];
        string[] Byol(string folder) => ["run", "byol", "--threads", "1", "--out", folder, "--set", "train.length=\"4 steps\"", "--micro-batch-size", "16", "--set", "train.ghostBatchSize=16", "--set", "probe.baselines=false"];
        string alone = Path.Combine(_folder, "byol-alone");
        string together = Path.Combine(_folder, "byol-together");
        Assert.Equal((0, ""), (MpiJob.Run(2, EspalierProcess.Command, [.. Byol(together), "--distributed", "mpi"]) is var two ? two.ExitCode : 1, two.Error));
        Assert.Equal(0, EspalierProcess.Run(_folder, Byol(alone)).ExitCode);
        Assert.All(Losses(alone).Zip(Losses(together)), l => Assert.Equal(l.First, l.Second, 4e-6));
    }

    [Fact]
    public void A_killed_rank_leaves_a_checkpoint_that_another_number_of_ranks_continues()
    {
        string broken = Path.Combine(_folder, "broken");
        CommandResult killed = MpiJob.KillRank(1, 2, Path.Combine(broken, "checkpoints", "last.safetensors"), EspalierProcess.Command, [.. LonelyRun.Arguments(broken), "--distributed", "mpi"]);
        Assert.NotEqual(0, killed.ExitCode);
        Assert.Contains("rank 1", killed.Error);
        Assert.Contains("--resume", killed.Error);
        Assert.DoesNotContain("   at ", killed.Error);
        SafetensorsFile.Open(Path.Combine(broken, "checkpoints", "last.safetensors"));
        CommandResult resumed = MpiJob.Run(3, EspalierProcess.Command, "run", "--resume", broken, "--distributed", "mpi", "--threads", "1");
        Assert.Equal((0, ""), (resumed.ExitCode, resumed.Error));
        Assert.InRange(Departure(lonely.Folder, broken), 0, 1e-5);
    }

    [Fact]
    public void A_search_for_attacks_finds_on_two_ranks_what_it_finds_alone()
    {
        string[] Search(string into) => ["attacks", "search", lonely.Folder, "--epsilon", "0.1", "--population", "4", "--generations", "1", "--max-steps", "8", "--search-samples", "10",
            "--samples", "20", "--baselines", "caa", "--workers", "1", "--threads", "1", "--seed", "3", "--out", into];
        (string alone, string together) = (Path.Combine(_folder, "search-alone"), Path.Combine(_folder, "search-together"));
        CommandResult one = EspalierProcess.Run(_folder, Search(alone));
        Assert.Equal((0, ""), (one.ExitCode, one.Error));
        CommandResult two = MpiJob.Run(2, EspalierProcess.Command, [.. Search(together), "--distributed", "mpi"]);
        Assert.Equal((0, ""), (two.ExitCode, two.Error));
        Assert.Equal(File.ReadAllText(Path.Combine(alone, "policies", "best.json")), File.ReadAllText(Path.Combine(together, "policies", "best.json")));
        string[] Numbers(string folder) => [.. File.ReadAllLines(Path.Combine(folder, "summary.json")).Where(l => !l.Contains("econds", StringComparison.Ordinal))];
        Assert.Equal(Numbers(alone), Numbers(together));
    }

    [Fact]
    public void Ranks_without_the_option_are_refused()
    {
        CommandResult result = MpiJob.Run(2, EspalierProcess.Command, "run", "digits", "--out", Path.Combine(_folder, "x"));
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("must be mpi under mpiexec", result.Error);
    }

    [Fact]
    public void Another_word_than_mpi_is_refused()
    {
        CommandResult result = EspalierProcess.Run(_folder, "run", "digits", "--distributed", "nccl");
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("error: option 'distributed' is \"nccl\"; must be mpi", result.Error.Trim());
    }

    private static double Departure(string a, string b)
    {
        SafetensorsFile first = SafetensorsFile.Open(Path.Combine(a, "checkpoints", "last.safetensors"));
        SafetensorsFile second = SafetensorsFile.Open(Path.Combine(b, "checkpoints", "last.safetensors"));
        (double squares, double all) = (0, 0);
        foreach (string name in first.Names.Where(n => !n.StartsWith("optimizer.", StringComparison.Ordinal)))
        {
            squares += (first.Load(name) - second.Load(name)).pow(2).sum().ToDouble();
            all += first.Load(name).pow(2).sum().ToDouble();
        }

        return Math.Sqrt(squares / all);
    }
}
