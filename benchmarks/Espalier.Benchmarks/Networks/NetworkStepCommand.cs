using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Espalier.Benchmarks.Overhead;
using Espalier.Data;
using Espalier.Networks;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Benchmarks.Networks;

/// <summary>
/// <c>network-step --model gmlp_s16_224|vit_small [--batch 8] [--steps 10] [--rounds 3] [--threads N]</c>: the training step and
/// the inference of a full-size network, by the trainer, by the loop one writes with TorchSharp, and for gMLP by its bare operators.
/// </summary>
internal static class NetworkStepCommand
{
    private const int Classes = 1000;
    private const double LearningRate = 1e-4;

    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        string name = arguments.Text("--model") ?? "gmlp_s16_224";
        int batch = arguments.Number("--batch") ?? 8, steps = arguments.Number("--steps") ?? 6, rounds = arguments.Number("--rounds") ?? 3;
        using Tensor images = torch.rand(2 * batch, 3, 224, 224), labels = torch.randint(0, Classes, [2 * batch], dtype: torch.int64);
        var times = new Dictionary<string, List<double>>();
        var losses = new Dictionary<string, double>();
        for (int round = 0; round < rounds; round++)
        {
            Measure("trainer", () => ByTrainer(name, images, labels, batch, steps, losses));
            Measure("loop", () => ByLoop(name, images, labels, batch, steps, bare: false, losses));
            if (name.StartsWith("gmlp", StringComparison.Ordinal))
                Measure("operators", () => ByLoop(name, images, labels, batch, steps, bare: true, losses));
            Measure("inference", () => Inference(name, images, batch, steps));
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            model = name,
            batch,
            threads = torch.get_num_threads(),
            medianMs = times.ToDictionary(t => t.Key, t => Math.Round(Quantiles.Of(t.Value, 0.5), 2)),
            firstLosses = losses,
        }));

        void Measure(string arm, Func<IEnumerable<double>> run)
        {
            if (!times.TryGetValue(arm, out List<double>? all))
                times[arm] = all = [];
            all.AddRange(run().Skip(1));
        }
    }

    private static ModelOptions Options(string name)
    {
        // Stochastic depth is left out on both sides: its draws differ.
        var options = new ModelOptions { Name = name };
        if (!name.StartsWith("gmlp", StringComparison.Ordinal))
            return options;
        int d = name.Contains("_ti", StringComparison.Ordinal) ? 128 : name.Contains("_s", StringComparison.Ordinal) ? 256 : 512;
        return new ModelOptions { Name = "gmlp", Gmlp = new() { DModel = d, DFfn = 6 * d, Layers = 30 } };
    }

    private static List<double> ByTrainer(string name, Tensor images, Tensor labels, int batch, int steps, Dictionary<string, double> losses)
    {
        using var model = ModelZoo.Create(Options(name), [3, 224, 224], Classes, 1);
        using var data = new Dataset("images", images.alias(), labels.clone(), [.. Enumerable.Range(0, Classes).Select(c => c.ToString(CultureInfo.InvariantCulture))]);
        var watch = new StepClock();
        var trainer = new Trainer(new TrainerOptions
        {
            Length = Duration.Steps(steps + 1),
            BatchSize = batch,
            Optimizer = new() { Kind = OptimizerKind.AdamW, LearningRate = LearningRate, WeightDecay = 0.05 },
            Schedule = new() { Shape = ScheduleShape.Constant },
        });
        watch.Start();
        using TrainingResult result = trainer.Fit(new ClassificationObjective(model), data, new() { Progress = watch });
        losses.TryAdd("trainer", watch.First);
        return watch.Milliseconds;
    }

    private static List<double> ByLoop(string name, Tensor images, Tensor labels, int batch, int steps, bool bare, Dictionary<string, double> losses)
    {
        using var model = ModelZoo.Create(Options(name), [3, 224, 224], Classes, 1);
        Dictionary<string, Tensor> weights = model.state_dict();
        var parameters = model.parameters().ToArray();
        using var optimizer = torch.optim.AdamW(parameters, LearningRate, weight_decay: 0.05);
        var times = new List<double>();
        for (int step = 0; step <= steps; step++)
        {
            long start = Stopwatch.GetTimestamp();
            using var scope = torch.NewDisposeScope();
            Tensor x = images.narrow(0, step % 2 * batch, batch), y = labels.narrow(0, step % 2 * batch, batch);
            optimizer.zero_grad();
            Tensor logits = bare ? BareGmlp.Logits(weights, x, 30) : model.call(x);
            Tensor loss = torch.nn.functional.cross_entropy(logits, y);
            loss.backward();
            optimizer.step();
            float value = loss.item<float>();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (step == 0)
                losses.TryAdd(bare ? "operators" : "loop", value);
        }

        return times;
    }

    private static List<double> Inference(string name, Tensor images, int batch, int steps)
    {
        using var model = ModelZoo.Create(Options(name), [3, 224, 224], Classes, 1);
        model.eval();
        using var inference = torch.inference_mode();
        var times = new List<double>();
        for (int step = 0; step <= steps; step++)
        {
            long start = Stopwatch.GetTimestamp();
            using var scope = torch.NewDisposeScope();
            _ = model.call(images.narrow(0, 0, batch)).sum().item<float>();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times;
    }

    private sealed class StepClock : IProgress<TrainingProgress>
    {
        private long _last;

        public List<double> Milliseconds { get; } = [];

        public double First { get; private set; } = double.NaN;

        public void Start() => _last = Stopwatch.GetTimestamp();

        public void Report(TrainingProgress value)
        {
            Milliseconds.Add(Stopwatch.GetElapsedTime(_last).TotalMilliseconds);
            if (double.IsNaN(First))
                First = value.Loss;
            _last = Stopwatch.GetTimestamp();
        }
    }
}
