using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Espalier.Cli.Output;
using Espalier.Distributed;
using Espalier.Errors;

namespace Espalier.Cli.Commands;

/// <summary>Whether several processes can train together: the library, the launcher, and two ranks that add up.</summary>
internal static class MpiCheck
{
    private const string What = "mpi";
    private const int Elements = 1 << 20; // 4 MiB of float32
    private const int Repeats = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>What <c>espalier doctor</c> says about it. Its absence is no fault: one process needs none of it.</summary>
    public static Finding Find()
    {
        if (!MpiLibrary.IsAvailable)
            return new Finding(What, false, "MPICH's library does not load; training in several processes needs it", MpiLibrary.Remedy);
        string version = MpiLibrary.Version;
        if (MpiLaunch.FindLauncher() is not { } launcher)
            return new Finding(What, false, $"{version}, but no mpiexec on the path", MpiLibrary.Remedy);
        if (MpiLaunch.IsUnderLauncher)
            return new Finding(What, true, $"{version}; this is a rank of a job");
        (bool works, string said) = StartTwo(launcher);

        // A finding is the same each time; the rate is for whoever runs the check itself.
        return works ? new Finding(What, true, $"{version}, {launcher}: {said.Split(", ", 2)[0]}")
            : new Finding(What, false, $"{version}, {launcher}: {said}", "see that mpiexec belongs to MPICH (mpiexec.mpich): " + MpiLibrary.Remedy);
    }

    /// <summary>What each of the two ranks does; rank 0 says how it went.</summary>
    public static int RunAsRank(Terminal terminal)
    {
        using MpiCommunicator ranks = MpiCommunicator.Start();
        try
        {
            using Tensor values = torch.full(Elements, ranks.Rank + 1f);
            ranks.Sum(values);
            float expected = ranks.Size * (ranks.Size + 1) / 2f;
            bool right = (values == expected).all().ToBoolean()
                && ranks.Gather(Encoding.UTF8.GetBytes($"rank {ranks.Rank}")).Select(b => Encoding.UTF8.GetString(b)).SequenceEqual(Enumerable.Range(0, ranks.Size).Select(r => $"rank {r}"));
            values.zero_();
            double[] seconds = [.. Enumerable.Range(0, Repeats).Select(_ => Measure(ranks, values)).Order()];
            double rate = Elements * sizeof(float) / seconds[seconds.Length / 2] / 1e9;
            if (ranks.Rank == 0)
            {
                terminal.Line(ranks.Size == 1 ? "1 rank alone; start several with mpiexec -n 2" : right ? string.Create(CultureInfo.InvariantCulture, $"{ranks.Size} ranks add up, all-reduce of 4 MiB at {rate:0.0} GB/s")
                    : $"{ranks.Size} ranks do not add up: the sum of 1 to {ranks.Size} came out wrong");
            }

            return right ? 0 : 1;
        }
        catch (DistributedException error)
        {
            if (ranks.TryClaimReport())
                Console.Error.WriteLine($"error: {error.Message}");
            return 2;
        }
    }

    private static double Measure(MpiCommunicator ranks, Tensor values)
    {
        ranks.Barrier();
        long start = Stopwatch.GetTimestamp();
        ranks.Sum(values);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static (bool Works, string Said) StartTwo(string launcher)
    {
        var start = new ProcessStartInfo(launcher, ["-n", "2", .. Command(), "doctor", "--mpi-check", "--threads", "1"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                return (false, $"two ranks did not answer within {Limit.TotalSeconds:0} s");
            }

            string said = FirstLine(process.ExitCode == 0 ? output.Result : error.Result + output.Result);
            return (process.ExitCode == 0 && said.Length > 0, said.Length > 0 ? said : $"two ranks said nothing (exit code {process.ExitCode})");
        }
        catch (Win32Exception error)
        {
            return (false, error.Message);
        }
    }

    /// <summary>This command, as somebody else can start it: the program beside this assembly, or .NET with the assembly.</summary>
    private static string[] Command()
    {
#pragma warning disable IL3000 // Empty in a program of one file, which is what is asked.
        string assembly = typeof(MpiCheck).Assembly.Location;
#pragma warning restore IL3000
        if (assembly.Length == 0)
            return [Environment.ProcessPath!];
        string program = Path.ChangeExtension(assembly, OperatingSystem.IsWindows() ? ".exe" : null);
        return File.Exists(program) ? [program] : ["dotnet", assembly];
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
