using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Runs.Store;

namespace Espalier.Benchmarks.Overhead;

/// <summary><c>trainer-overhead [--threads N] [--batch N] [--rounds N] [--steps N] [--linear] [--json]</c></summary>
internal static class OverheadCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        int rounds = arguments.Number("--rounds") ?? 40;
        int steps = arguments.Number("--steps") ?? 15;
        int[] batches = arguments.Number("--batch") is { } batch ? [batch] : [256, 64];
        var result = new OverheadResult(MachineInfo.Current(), [.. batches.Select(b => BatchOverhead.Measure(b, rounds, steps, arguments.Has("--linear")))]);
        if (arguments.Has("--json"))
            Console.WriteLine(JsonSerializer.Serialize(result, Json));
        else
            Print(result);
    }

    private static void Print(OverheadResult result)
    {
        MachineInfo machine = result.Machine;
        Console.WriteLine($"{machine.Cpu}, {machine.Cores} cores, {machine.Threads} threads; .NET {machine.DotNet}, TorchSharp {machine.TorchSharp}, libtorch {machine.Libtorch}");
        foreach (BatchOverhead batch in result.Batches)
        {
            Write($"\nbatch {batch.BatchSize}: {batch.Rounds} rounds of {batch.StepsPerRound} steps; losses differ from the trainer's by {batch.FlatLoopDifference:0.0e+0} (flat), {batch.OrdinaryLoopDifference:0.0e+0} (ordinary)");
            Console.WriteLine("arm               median ms  [quartiles]       cpu ms   / flat loop [quartiles] (95 %) cpu             / ordinary loop [quartiles] (95 %) cpu");
            foreach (ArmSummary arm in batch.Arms)
                Write($"{arm.Arm,-16} {arm.MedianMs,9:0.000}  [{arm.LowerQuartileMs:0.000}, {arm.UpperQuartileMs:0.000}] {arm.CpuMs,9:0.000}   {Text(arm.ToFlatLoop)}   {Text(arm.ToOrdinaryLoop)}");
        }
    }

    private static FormattableString Text(PairedRatio r) =>
        $"{r.Median:0.0000} [{r.LowerQuartile:0.000}, {r.UpperQuartile:0.000}] ({r.ConfidenceLow:0.0000}-{r.ConfidenceHigh:0.0000}) {r.CpuMedian:0.0000}";

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
