using System.Diagnostics;
using System.Text.Json;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;

namespace Espalier.Benchmarks.Onnx;

/// <summary>
/// <c>checkpoint-load FILE [--model gmlp_s16_224]</c>: time and peak of resident memory of loading weights; writes the file
/// where it does not exist. One process per measurement, since a peak is never taken back.
/// </summary>
internal static class CheckpointLoadCommand
{
    public static void Run(string path, CommandArguments arguments)
    {
        string name = arguments.Text("--model") ?? "gmlp_s16_224";
        using var model = ModelZoo.Create(new ModelOptions { Name = name }, [3, 224, 224], 1000, 1);
        if (!File.Exists(path))
        {
            Checkpoint.Save(model, path);
            Console.WriteLine("written; run again to measure");
            return;
        }

        double before = Peak();
        long start = Stopwatch.GetTimestamp();
        LoadReport report = Checkpoint.Load(path, model);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            model = name,
            tensors = report.Loaded.Count,
            fileMiB = Math.Round(new FileInfo(path).Length / 1048576.0, 1),
            milliseconds = Math.Round(milliseconds, 1),
            peakGrowthMiB = Math.Round(Peak() - before, 1),
        }));
    }

    private static double Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1048576.0;
    }
}
