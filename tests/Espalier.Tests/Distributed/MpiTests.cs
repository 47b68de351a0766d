using System.Text.RegularExpressions;
using Espalier.Distributed;
using Espalier.Errors;
using Espalier.Tests.Cli;
using Espalier.Tests.Concurrency;

namespace Espalier.Tests.Distributed;

[Collection(Beside.Name)]
public sealed class MpiTests
{
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Ranks_add_up_broadcast_gather_and_refuse(int ranks) =>
        Assert.Equal(new CommandResult(0, $"{ranks} ranks did everything\n", ""), MpiJob.Run(ranks, "everything"));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_check_of_the_command_line_says_one_line(int ranks)
    {
        CommandResult result = MpiJob.Run(ranks, EspalierProcess.Command, "doctor", "--mpi-check", "--threads", "1");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches($@"\A{ranks} ranks add up, all-reduce of 4 MiB at \d+\.\d GB/s\n\z", result.Output);
    }

    [Theory]
    [InlineData("exception", "error: x.csv: row 3 is empty; fill it")]
    [InlineData("hesitate", "error: x.csv: row 3 is empty; fill it")]
    [InlineData("leave", "error: rank 1: it leaves the job while rank 0 adds up 3 float64; see why rank 1 ended, and start the job again")]
    [InlineData("apart", "error: the ranks have come apart: rank 0 adds up 5 float32 while rank 1 adds up 1,000 float32; start every rank with the same command, files and version")]
    [InlineData("disagree", "error: the options: train.batchSize: 64 on rank 0, 128 on rank 1 (rank 2 differs too); start every rank with the same command, files and version")]
    public void An_error_ends_all_ranks_with_one_line_and_its_exit_code(string scenario, string line)
    {
        CommandResult result = MpiJob.Run(3, scenario);
        Assert.Equal((2, line + "\n"), (result.ExitCode, result.Error));
    }

    [Fact]
    public void A_killed_rank_is_named_and_ends_the_job()
    {
        int killed = 0;
        (CommandResult result, TimeSpan took) = MpiJob.Disturb(3, "steps", (_, ranks) => MpiJob.Signal("-KILL", killed = ranks[1]));
        Assert.Equal($"error: rank 1 of 3 (process {killed}) ended before the job was done; continue with: espalier run --resume x\n", result.Error);
        Assert.NotEqual(0, result.ExitCode);
        Assert.True(took < Prompt, $"it took {took}");
    }

    [Fact]
    public void A_rank_that_exits_without_leaving_is_named()
    {
        CommandResult result = MpiJob.Run(2, "exit");
        Assert.Matches(@"\Aerror: rank 1 of 2 \(process \d+\) ended before the job was done; continue with: espalier run --resume x\n\z", result.Error);
        Assert.NotEqual(0, result.ExitCode);
    }

    [Theory]
    [InlineData("-TERM", "SIGTERM")]
    [InlineData("-INT", "SIGINT")]
    public void A_job_that_is_told_to_end_says_how_to_continue(string option, string signal)
    {
        (CommandResult result, TimeSpan took) = MpiJob.Disturb(2, "steps", (launcher, _) => MpiJob.Signal(option, launcher));
        Assert.Equal($"error: the job was told to end ({signal}) before it was done; continue with: espalier run --resume x\n", result.Error);
        Assert.True(took < Prompt, $"it took {took}");
    }

    [Fact]
    public void A_rank_that_is_told_to_end_does_not_wait_for_ever_for_one_that_does_not_come()
    {
        (CommandResult result, TimeSpan took) = MpiJob.Disturb(2, "hang", (launcher, _) => MpiJob.Signal("-TERM", launcher));
        Assert.Equal((143, "error: rank 0 of 2 was told to end (SIGTERM) and waited 1 s for the other ranks (it waits at a barrier); continue with: espalier run --resume x\n"), (result.ExitCode, result.Error));
        Assert.True(took < Prompt, $"it took {took}");
    }

    [Fact]
    public void A_rank_that_waits_leaves_the_core_to_others()
    {
        // MPICH's own wait would take the whole second.
        CommandResult result = MpiJob.Run(2, "wait");
        Match cost = Regex.Match(result.Output, @"(\d+) ms of (\d+)");
        Assert.True(int.Parse(cost.Groups[1].Value) < 0.4 * int.Parse(cost.Groups[2].Value), result.Output);
    }

    [Fact]
    public void A_version_is_the_first_line_of_what_the_library_says()
    {
        Assert.Equal("MPICH 4.0.2", MpiLibrary.Shorten("MPICH Version:\t4.0.2\nMPICH Release date:\tThu\n\0"));
        Assert.Equal("Intel(R) MPI Library 2021.9", MpiLibrary.Shorten("Intel(R) MPI Library 2021.9\n\0"));
    }

    [Fact]
    public void Threads_are_the_cores_of_a_rank()
    {
        Assert.Equal(2, MpiLaunch.Threads(cores: 8, ranks: 4, bound: false));
        Assert.Equal(1, MpiLaunch.Threads(cores: 2, ranks: 3, bound: false));
        Assert.Equal(4, MpiLaunch.Threads(cores: 4, ranks: 2, bound: true));
        Assert.False(MpiLaunch.IsUnderLauncher);
        Assert.Equal((1, Environment.ProcessorCount), (MpiLaunch.RanksOnThisNode, MpiLaunch.DefaultThreads));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<OptionsException>(() => new MpiOptions { Remedy = "two\nlines" }.Validate());
        Assert.Throws<OptionsException>(() => new MpiOptions { Grace = TimeSpan.Zero }.Validate());
    }
}
