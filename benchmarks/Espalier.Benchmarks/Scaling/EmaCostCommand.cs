using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Espalier.Benchmarks.Overhead;
using Espalier.Benchmarks.Workload;
using Espalier.Data;
using Espalier.Networks;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Benchmarks.Scaling;

/// <summary>
/// <c>ema-cost [--threads N] [--rounds N] [--json]</c>: what an update of the moving average costs, for a model of the size of
/// ResNet-18 beside one bare <c>lerp_</c> over a buffer of that size, and as a share of a training step.
/// </summary>
internal static class EmaCostCommand
{
    private const int ResNet18 = 11_689_512;

    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        int rounds = arguments.Number("--rounds") ?? 40;
        (double update, double lerp) = Large(rounds);
        (double digits, double digitsStep) = Share(64, rounds);
        (double digits256, double digitsStep256) = Share(256, rounds);
        (double small, double smallStep) = SmallShare(20 * rounds);
        var result = new
        {
            Threads = torch.get_num_threads(),
            Parameters = ResNet18,
            UpdateMs = update,
            LerpMs = lerp,
            Ratio = update / lerp,
            DigitsUpdateMs = digits,
            DigitsStepMs = digitsStep,
            DigitsShare = digits / digitsStep,
            Digits256UpdateMs = digits256,
            Digits256StepMs = digitsStep256,
            Digits256Share = digits256 / digitsStep256,
            SmallUpdateMs = small,
            SmallStepMs = smallStep,
            SmallShare = small / smallStep,
        };
        if (arguments.Has("--json"))
        {
            Console.WriteLine(JsonSerializer.Serialize(result, JsonSerializerOptions.Web));
            return;
        }

        Write($"threads {result.Threads}");
        Write($"{ResNet18:N0} weights: update {update:0.000} ms, one lerp {lerp:0.000} ms, ratio {update / lerp:0.000}");
        Write($"digits gMLP, batch 64: update {1000 * digits:0.0} us of a step of {digitsStep:0.000} ms, {digits / digitsStep:P2}");
        Write($"perceptron 196-64-10, batch 16: update {1000 * small:0.0} us of a step of {smallStep:0.000} ms, {small / smallStep:P2}");
        Write($"digits gMLP, batch 256: update {1000 * digits256:0.0} us of a step of {digitsStep256:0.000} ms, {digits256 / digitsStep256:P2}");
    }

    /// <summary>A perceptron of 196-64-10 at batch 16: about the smallest step that anybody takes.</summary>
    private static (double Update, double Step) SmallShare(int rounds)
    {
        using var data = new Dataset("noise", torch.rand(4096, 196), torch.arange(4096).remainder(10), [.. Enumerable.Range(0, 10).Select(i => $"{i}")]);
        using var model = ModelZoo.Create(new() { Name = "mlp", Mlp = new() { HiddenSizes = [64] } }, data.InputShape, 10, 1);
        return Share(new() { BatchSize = 16, Length = Duration.Steps(1e7), Optimizer = new() { Kind = OptimizerKind.Sgd, Momentum = 0 }, Ema = new(), EvaluateEvery = Duration.Steps(1e7), CheckpointEvery = Duration.Steps(1e7) }, new ClassificationObjective(model), data, rounds);
    }

    private static (double Update, double Lerp) Large(int rounds)
    {
        using torch.nn.Module model = torch.nn.Linear(ResNet18 / 8, 8, hasBias: false);
        using var flat = new FlatParameters(model);
        using var ema = new ModelEma(model, flat, new() { Momentum = 0.999 }, new(), 64, 1000);
        using Tensor average = flat.Values.clone();
        using var noGradients = torch.no_grad();
        var updates = new List<double>();
        var lerps = new List<double>();
        for (int i = 0; i < rounds + 3; i++)
        {
            // Who goes second finds the weights in the cache: they take turns.
            double lerp = i % 2 == 0 ? Time(() => average.lerp_(flat.Values, 0.001)) : 0;
            double update = Time(() => ema.Update(64));
            if (i % 2 == 1)
                lerp = Time(() => average.lerp_(flat.Values, 0.001));
            if (i < 3)
                continue;
            updates.Add(update);
            lerps.Add(lerp);
        }

        return (Quantiles.Median(updates), Quantiles.Median(lerps));
    }

    private static (double Update, double Step) Share(int batch, int rounds)
    {
        using var task = new DigitsTask(batch);
        using var model = task.NewModel();
        return Share(task.Options, new ClassificationObjective(model, task.LabelSmoothing), task.Train, rounds);
    }

    private static (double Update, double Step) Share(TrainerOptions options, Objective<LabelledBatch> objective, Dataset train, int rounds)
    {
        var steps = new List<double>();
        long last = Stopwatch.GetTimestamp();
        using var done = new CancellationTokenSource();
        using TrainingResult result = new Trainer(options).Fit(objective, train, new()
        {
            Progress = new Watch(p =>
        {
            steps.Add(Stopwatch.GetElapsedTime(last).TotalMilliseconds);
            last = Stopwatch.GetTimestamp();
            if (steps.Count == rounds + 10)
                done.Cancel();
        })
        }, done.Token);
        var updates = new List<double>();
        for (int i = 0; i < 20 * rounds; i++)
            updates.Add(Time(() => result.Ema!.Update(options.BatchSize)));
        return (Quantiles.Median(updates), Quantiles.Median(steps.Skip(10)));
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed class Watch(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
