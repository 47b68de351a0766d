using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Espalier.Communication;
using Espalier.Distributed;
using Espalier.Errors;

namespace Espalier.Tests.Distributed;

/// <summary>
/// What this program does when <c>mpiexec</c> starts it as a rank: one scenario instead of the tests. It does what a
/// command does: prints an error in one line if it is the one to do so, and ends all ranks.
/// </summary>
internal static class RankScenario
{
    public const string Variable = "ESPALIER_TEST_SCENARIO";

#pragma warning disable CA2255 // The runner's Main is generated; this is the way in before it.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name && MpiLaunch.IsUnderLauncher)
            Environment.Exit(Run(name));
    }

    private static int Run(string name)
    {
        using MpiCommunicator ranks = MpiCommunicator.Start(new MpiOptions { Remedy = "continue with: espalier run --resume x", Grace = TimeSpan.FromSeconds(1) });
        try
        {
            Do(name, ranks);
            return 0;
        }
        catch (Exception error)
        {
            if (ranks.TryClaimReport())
            {
                // The others end the job meanwhile.
                if (name == "hesitate")
                    Thread.Sleep(400);
                Console.Error.WriteLine($"error: {error.Message}");
            }

            ranks.Abort(2);
            return 2;
        }
    }

    private static void Do(string name, MpiCommunicator ranks)
    {
        switch (name)
        {
            case "everything":
                Everything(ranks);
                break;
            case "steps":
                // Long enough to be disturbed in the middle.
                using (Tensor values = torch.zeros(1000))
                {
                    for (int step = 0; step < 100_000; step++)
                    {
                        ranks.Sum(values);
                        if (step == 10)
                            Say($"rank {ranks.Rank} pid {Environment.ProcessId}");
                        Thread.Sleep(1);
                    }
                }

                break;
            case "exception":
                if (ranks.Rank == 1)
                    throw new DataException("x.csv", "row 3 is empty", "fill it");
                ranks.Barrier();
                break;
            case "hesitate":
                throw new DataException("x.csv", "row 3 is empty", "fill it");
            case "exit":
                if (ranks.Rank == 1)
                    Environment.Exit(2);
                ranks.Barrier();
                break;
            case "leave":
                if (ranks.Rank == 1)
                    ranks.Dispose();
                else
                    ranks.Sum(new double[3]);
                break;
            case "apart":
                using (Tensor values = torch.zeros(ranks.Rank == 0 ? 5 : 1000))
                    ranks.Sum(values);
                break;
            case "disagree":
                RankAgreement.Require(ranks, "the options", $$"""{"train": {"batchSize": {{64 << ranks.Rank}} } }""");
                break;
            case "hang":
                using (PosixSignalRegistrationOfAll())
                {
                    Say($"rank {ranks.Rank} pid {Environment.ProcessId}");
                    if (ranks.Rank == 1)
                        Thread.Sleep(60_000);
                    ranks.Barrier();
                }

                break;
            case "wait":
                Wait(ranks);
                break;
            default:
                throw new ArgumentException(name);
        }
    }

    private static void Everything(MpiCommunicator ranks)
    {
        int size = ranks.Size;
        float sum = Enumerable.Range(1, size).Sum();
        using Tensor floats = torch.full([3, 5], ranks.Rank + 1f, requires_grad: true);
        using Tensor doubles = torch.full([200_000], ranks.Rank + 1.0, torch.float64);
        using Tensor integers = torch.full([7], ranks.Rank + 1L);
        using Tensor empty = torch.zeros(0);
        using Tensor whole = torch.zeros(10);
        using Tensor view = whole.narrow(0, 3, 4);
        view.fill_(ranks.Rank + 1f);
        Task[] tasks = [ranks.BeginSum(floats), ranks.BeginSum(doubles), ranks.BeginSum(integers), ranks.BeginSum(empty), ranks.BeginSum(view)];
        Task.WaitAll(tasks);
        Require(floats.eq(sum).all().ToBoolean() && doubles.eq(sum).all().ToBoolean() && integers.eq((long)sum).all().ToBoolean(), "sums");
        Require(whole.sum().ToSingle() == 4 * sum && view.eq(sum).all().ToBoolean(), "a view's sum");

        // Longer than the pieces that a sum is cut into.
        using Tensor large = torch.arange(5_000_000, dtype: torch.float64);
        using Tensor expected = large * size;
        ranks.Sum(large);
        Require(large.Equals(expected), "a large sum");

        using Tensor random = torch.randn(100_003);
        ranks.Sum(random);
        byte[] bits = random.bytes.ToArray();
        Require(ranks.Gather(bits).All(b => b.AsSpan().SequenceEqual(bits)), "the same bits on every rank");

        double[] numbers = [ranks.Rank, 1];
        ranks.Sum(numbers);
        Require(numbers[0] == sum - size && numbers[1] == size, "numbers");
        for (int root = 0; root < size; root++)
        {
            using Tensor values = torch.full([11], (double)ranks.Rank);
            ranks.Broadcast(values, root);
            Require(values.eq(root).all().ToBoolean(), "broadcasts");
        }

        IReadOnlyList<byte[]> gathered = ranks.Gather(new byte[ranks.Rank * 1000]);
        Require(gathered.Count == size && gathered.Select((b, r) => b.Length == r * 1000).All(x => x), "gathering");
        ranks.Barrier();
        Require(WorkSharing.Map(ranks, 7, i => i * 0.1).SequenceEqual(Enumerable.Range(0, 7).Select(i => i * 0.1)), "shared work");
        Require(ranks.RanksOnThisNode == size && MpiLaunch.RanksOnThisNode == size && MpiLaunch.Size == size && MpiLaunch.Rank == ranks.Rank, "the launcher's words");

        using Tensor transposed = torch.zeros(2, 3).t();
        Require(Refusal(() => ranks.Sum(transposed)).Contains("shape [3, 2] is not contiguous; use its contiguous()", StringComparison.Ordinal), "layout");
        using Tensor half = torch.zeros(2, torch.float16);
        Require(Refusal(() => ranks.Sum(half)).Contains("is Float16; only float32, float64 and int64", StringComparison.Ordinal), "type");
        Require(Refusal(() => MpiCommunicator.Start()).Contains("started in this process before", StringComparison.Ordinal), "a second start");

        // UCX would otherwise take the signal by which .NET learns of a null reference.
        string? nothing = ranks.Rank < 0 ? "" : null;
        try
        {
            _ = nothing!.Length;
        }
        catch (NullReferenceException)
        {
            // A tensor that dies before its sum is done is kept alive.
            Task late;
            using (Tensor passing = torch.ones(1_000_000))
                late = ranks.BeginSum(passing);
            late.GetAwaiter().GetResult();
            if (ranks.Rank == 0)
                Say($"{size} ranks did everything");
        }
    }

    /// <summary>What a rank that waits a second costs, beside one that computes.</summary>
    private static void Wait(MpiCommunicator ranks)
    {
        ranks.Barrier();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        Stopwatch clock = Stopwatch.StartNew();
        if (ranks.Rank == 0)
            Thread.Sleep(1000);
        ranks.Barrier();
        if (ranks.Rank == 1)
            Say(string.Create(CultureInfo.InvariantCulture, $"{(Environment.CpuUsage.TotalTime - before).TotalMilliseconds:0} ms of {clock.ElapsedMilliseconds}"));
    }

    private static string Refusal(Action action)
    {
        try
        {
            action();
            return "not refused";
        }
        catch (DistributedException error)
        {
            return error.Message;
        }
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
            throw new DistributedException("scenario", $"{what} went wrong", "mend it");
    }

    // One write, so that the lines of several ranks do not mix.
    private static void Say(string line)
    {
        Console.Out.Write(line + "\n");
        Console.Out.Flush();
    }

    /// <summary>What a command does on a signal: it goes on, to end in order.</summary>
    private static System.Runtime.InteropServices.PosixSignalRegistration PosixSignalRegistrationOfAll() =>
        System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, c => c.Cancel = true);
}
