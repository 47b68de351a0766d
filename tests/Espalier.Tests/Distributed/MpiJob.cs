using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Espalier.Distributed;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Distributed;

/// <summary>Several processes under <c>mpiexec</c>; tests are skipped where it or MPICH's library is missing.</summary>
internal static partial class MpiJob
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Runs a program as ranks, to the end.</summary>
    public static CommandResult Run(int ranks, string program, params string[] arguments)
    {
        using Process process = Start(ranks, program, "", arguments);
        return EspalierProcess.End(process);
    }

    /// <summary>Runs a scenario as ranks, to the end.</summary>
    public static CommandResult Run(int ranks, string scenario)
    {
        using Process process = Start(ranks, Environment.ProcessPath!, scenario);
        return EspalierProcess.End(process);
    }

    /// <summary>Runs a scenario, and once every rank has said its process, does something to the job.</summary>
    /// <param name="ranks">How many.</param>
    /// <param name="scenario">Which.</param>
    /// <param name="disturb">Gets the process of <c>mpiexec</c> and those of the ranks.</param>
    /// <returns>How the job ended, and how long it took from the disturbance on.</returns>
    public static (CommandResult Result, TimeSpan Took) Disturb(int ranks, string scenario, Action<int, int[]> disturb)
    {
        using Process process = Start(ranks, Environment.ProcessPath!, scenario);
        int[] processes = new int[ranks];
        Stopwatch clock = Stopwatch.StartNew();
        while (processes.Contains(0))
        {
            Assert.True(clock.Elapsed < Limit, "the job does not get on");
            Match line = Said().Match(process.StandardOutput.ReadLine() ?? "");
            if (line.Success)
                processes[int.Parse(line.Groups["rank"].ValueSpan, CultureInfo.InvariantCulture)] = int.Parse(line.Groups["process"].ValueSpan, CultureInfo.InvariantCulture);
        }

        clock.Restart();
        disturb(process.Id, processes);
        CommandResult result = EspalierProcess.End(process);
        return (result, clock.Elapsed);
    }

    /// <summary>Runs a program as ranks and kills one of them once a file is there.</summary>
    public static CommandResult KillRank(int rank, int ranks, string file, string program, params string[] arguments)
    {
        using Process process = Start(ranks, program, "", arguments);
        Stopwatch clock = Stopwatch.StartNew();
        while (!File.Exists(file))
        {
            Assert.True(clock.Elapsed < Limit && !process.HasExited, "the job does not get on");
            Thread.Sleep(5);
        }

        Signal("-9", ProcessOf(rank, arguments[^1], file));
        return EspalierProcess.End(process);
    }

    /// <summary>Looks a rank's process up by what its launcher told it.</summary>
    private static int ProcessOf(int rank, string argument, string file)
    {
        string folder = Path.GetDirectoryName(Path.GetDirectoryName(file))!;
        foreach (string process in Directory.GetDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out int _)))
        {
            try
            {
                string[] command = File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0');
                if (command.Contains(folder) && command.Contains(argument) && !command.Contains("-n")
                    && File.ReadAllText(Path.Combine(process, "environ")).Split('\0').Contains($"PMI_RANK={rank}"))
                    return int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        throw new InvalidOperationException($"rank {rank} is not there");
    }

    public static void Signal(string signal, int process)
    {
        using Process kill = Process.Start("kill", [signal, process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static Process Start(int ranks, string program, string scenario, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "MPICH's launcher is tested on Linux");
        Assert.SkipUnless(MpiLibrary.IsAvailable, $"MPICH's library is missing: {MpiLibrary.Remedy}");
        string? launcher = MpiLaunch.FindLauncher();
        Assert.SkipWhen(launcher is null, $"mpiexec is missing: {MpiLibrary.Remedy}");
        var start = new ProcessStartInfo(launcher, ["-n", ranks.ToString(CultureInfo.InvariantCulture), program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[RankScenario.Variable] = scenario;
        return Process.Start(start)!;
    }

    [GeneratedRegex(@"rank (?<rank>\d+) pid (?<process>\d+)")]
    private static partial Regex Said();
}
