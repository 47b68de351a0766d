using System.Diagnostics;
using System.Text.Json;
using Espalier.Benchmarks.Overhead;
using Espalier.Networks;

namespace Espalier.Benchmarks.Networks;

/// <summary><c>network-serve [--model gmlp_s16_224] [--calls 1000] [--threads N]</c>: one image at a time, and whether memory grows.</summary>
internal static class NetworkServeCommand
{
    private const int Warmup = 50;
    private const int Interval = 100;

    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        string name = arguments.Text("--model") ?? "gmlp_s16_224";
        int calls = arguments.Number("--calls") ?? 1000;
        using var model = ModelZoo.Create(new ModelOptions { Name = name }, [3, 224, 224], 1000, 1);
        model.eval();
        using var inference = torch.inference_mode();
        using Tensor image = torch.rand(1, 3, 224, 224);
        var times = new List<double>();
        double before = 0;
        var grown = new List<double>();
        for (int call = 0; call < Warmup + calls; call++)
        {
            if (call == Warmup)
                before = Resident();
            long start = Stopwatch.GetTimestamp();
            using var scope = torch.NewDisposeScope();
            _ = model.call(image).sum().item<float>();
            if (call > Warmup && (call - Warmup) % Interval == 0)
                grown.Add(Math.Round(Resident() - before, 1));
            if (call >= Warmup)
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            model = name,
            threads = torch.get_num_threads(),
            medianMs = Math.Round(Quantiles.Of(times, 0.5), 2),
            quartilesMs = new[] { Math.Round(Quantiles.Of(times, 0.25), 2), Math.Round(Quantiles.Of(times, 0.75), 2) },
            grownMiB = grown,
        }));
    }

    private static double Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 / 1048576.0;
    }
}
