using System.Diagnostics;
using System.Globalization;
using Espalier.Benchmarks.Overhead;
using Espalier.Distributed;

namespace Espalier.Benchmarks.Communication;

/// <summary>
/// <c>mpiexec -n W ... allreduce [--repeats N]</c>: the rate of a sum over the ranks by size, and what a rank that
/// waits costs the one that computes.
/// </summary>
internal static class AllReduceCommand
{
    private const int Smallest = 4 << 10;
    private const int Largest = 64 << 20;
    private const int Warmup = 3;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    public static void Run(CommandArguments arguments)
    {
        int repeats = arguments.Number("--repeats") ?? 30;
        using MpiCommunicator ranks = MpiCommunicator.Start();
        torch.set_num_threads(MpiLaunch.DefaultThreads);
        Write(ranks, $"{MpiLibrary.Version}, {ranks.Size} ranks on {ranks.Machines.Distinct().Count()} machine(s), {Environment.ProcessorCount} cores each; median of {repeats}");
        Write(ranks, $"{"size",10} {"us",12} {"algorithm GB/s",16} {"bus GB/s",10}");
        for (int bytes = Smallest; bytes <= Largest; bytes *= 4)
            Size(ranks, bytes, repeats);
        if (ranks.Size > 1)
            Waiting(ranks);
    }

    private static void Size(MpiCommunicator ranks, int bytes, int repeats)
    {
        using Tensor values = torch.zeros(bytes / sizeof(float));
        var seconds = new List<double>();
        for (int i = 0; i < Warmup + repeats; i++)
        {
            ranks.Barrier();
            long start = Stopwatch.GetTimestamp();
            ranks.Sum(values);
            if (i >= Warmup)
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        double median = Quantiles.Of(seconds, 0.5);
        double rate = bytes / median / 1e9;
        string size = bytes < 1 << 20 ? $"{bytes >> 10} KiB" : $"{bytes >> 20} MiB";
        Write(ranks, $"{size,10} {median * 1e6,12:0.0} {rate,16:0.000} {rate * 2 * (ranks.Size - 1) / ranks.Size,10:0.000}");
    }

    /// <summary>Rank 0 computes with all cores while the others sleep, wait for it, or wait as MPICH itself does, spinning.</summary>
    private static void Waiting(MpiCommunicator ranks)
    {
        torch.set_num_threads(Environment.ProcessorCount);
        double alone = Products(ranks, () => Thread.Sleep(Turn));
        double waiting = Products(ranks, ranks.Barrier);
        double spinning = Products(ranks, () =>
        {
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < Turn)
            {
            }
        });
        Write(ranks, $"matrix products a second on rank 0: {alone:0} while the others sleep, {waiting:0} while they wait ({waiting / alone:P0}), {spinning:0} if they spun ({spinning / alone:P0})");
    }

    private static double Products(MpiCommunicator ranks, Action others)
    {
        ranks.Barrier();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        int done = 0;
        if (ranks.Rank == 0)
        {
            using Tensor a = torch.randn(512, 512);
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Turn; done++)
            {
                using Tensor product = a.mm(a);
            }

            ranks.Barrier();
            return done / Turn.TotalSeconds;
        }

        others();
        if (others != ranks.Barrier)
            ranks.Barrier();
        if (ranks.Rank == 1)
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rank 1 used {(Environment.CpuUsage.TotalTime - before).TotalMilliseconds:0} ms of a core in {Turn.TotalMilliseconds:0} ms"));
        return 0;
    }

    private static void Write(MpiCommunicator ranks, FormattableString line)
    {
        if (ranks.Rank == 0)
            Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }
}
