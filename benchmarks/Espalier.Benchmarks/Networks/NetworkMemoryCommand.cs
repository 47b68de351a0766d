using System.Globalization;
using System.Text.Json;
using Espalier.Data;
using Espalier.Networks.Gmlp;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Benchmarks.Networks;

/// <summary>
/// <c>network-memory [--d 512] [--batch 8] [--checkpoint] [--threads N]</c>: the peak of resident memory over three training steps
/// of gMLP-B, with or without gradient checkpointing. One process per measurement, since a peak is never taken back.
/// </summary>
internal static class NetworkMemoryCommand
{
    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        int d = arguments.Number("--d") ?? 512, batch = arguments.Number("--batch") ?? 8;
        bool checkpoint = arguments.Has("--checkpoint");
        using var model = new GmlpVision(new GmlpVisionOptions
        {
            ImageHeight = 224,
            ImageWidth = 224,
            Channels = 3,
            Classes = 1000,
            DModel = d,
            DFfn = 6 * d,
            Layers = 30,
            SurvivalProbability = 0.8,
            GradientCheckpointing = checkpoint,
        });
        using var data = new Dataset("images", torch.rand(3 * batch, 3, 224, 224), torch.randint(0, 1000, [3 * batch], dtype: torch.int64), [.. Enumerable.Range(0, 1000).Select(c => c.ToString(CultureInfo.InvariantCulture))]);
        double before = Peak();
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        using TrainingResult result = new Trainer(new TrainerOptions { Length = Duration.Steps(3), BatchSize = batch, Optimizer = new() { Kind = OptimizerKind.AdamW, LearningRate = 1e-4 } })
            .Fit(new ClassificationObjective(model), data);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            d,
            batch,
            checkpoint,
            beforeMiB = Math.Round(before),
            peakMiB = Math.Round(Peak()),
            secondsPerStep = Math.Round(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds / 3, 2),
            loss = result.FinalLoss,
        }));
    }

    private static double Peak()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1048576.0;
    }
}
