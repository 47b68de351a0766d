using System.Globalization;
using Espalier.Data;
using Espalier.Runs.Reports;
using Espalier.Training.Diagnostics;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;
using Espalier.Training.Schedules;

namespace Espalier.Reproductions;

/// <summary>SGD with an EMA on MNIST: the average follows the base batch with the rule and not without, for batches up to 64 times as large.</summary>
internal static class SupervisedScaling
{
    private const int Batch = 16;
    private const double Rate = 0.02;
    private const double Rho = 0.999;
    private const long Every = 256;
    private const long EvaluateEvery = 2048;
    private const string Accuracy = "ema.accuracy";

    private static readonly double[] Exponents = [0.25, 0.5, 0.71, 1, 1.41, 2, 4];

    private static readonly (int Kappa, string Rule, string RuleGap, string None, string NoneGap)[] Reference =
    [
        (4, "0.03 to 0.04", "at most 0.004", "0.61", "at least 0.40"),
        (8, "0.05 to 0.06", "at most 0.012", "0.78", "at least 0.55"),
        (16, "0.12 to 0.16", "at most 0.025", "0.89", "at least 0.64"),
    ];

    public static ReproductionPart Run(ReproductionContext context)
    {
        using ShrunkMnist data = ShrunkMnist.Load(context.Device);
        var table = new SeedTable();
        var curves = new List<ChartSeries>();
        foreach (int seed in context.AllSeeds)
        {
            var task = new Task(context, data, seed, table);
            task.Main(seed == context.FirstSeed ? curves : null);
            task.Small();
            task.LowRate();
            task.Noise();
        }

        return new ReproductionPart("supervised",
            string.Create(CultureInfo.InvariantCulture, $"MNIST at 14x14, first {ShrunkMnist.Samples:N0} training images, perceptron 196-64-10, SGD η = {Rate}, batch {Batch}, ρ = {Rho}, 2 epochs, {context.SeedsText}. D is the mean distance from the base training over its mean distance from the start, every {Every} samples; accuracy on the 10,000 test images every {EvaluateEvery}."),
            Claims(table), Charts(table, curves))
        {
            Numbers = table.Means(),
        };
    }

    internal static TrainerOptions Options(int seed, int batch, int baseBatch, double rate, double rho, EmaScaling ema) => new()
    {
        Seed = seed,
        BatchSize = batch,
        BaseBatchSize = baseBatch,
        Length = Duration.Epochs(2),
        Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = rate, Momentum = 0, WeightDecay = 0 },
        Schedule = new() { Shape = ScheduleShape.Constant },
        Ema = new() { Momentum = rho },
        Scaling = new() { Ema = ema },
    };

    private static Claim[] Claims(SeedTable t)
    {
        var claims = new List<Claim>
        {
            new("D of ζ, another data order", "0.145 to 0.158", t.Text("reorder"), t.Mean("reorder") is > 0.13 and < 0.175),
            new("worst EMA accuracy gap, another data order", "at most 0.015", t.Text("reorder.gap"), t.Max("reorder.gap") <= 0.02),
        };
        foreach (var (kappa, rule, ruleGap, none, noneGap) in Reference)
        {
            claims.Add(new($"D of ζ at κ = {kappa}, EMA scaling rule", rule, t.Text($"rule.{kappa}"), t.Mean($"rule.{kappa}") <= (kappa <= 8 ? 0.5 : 1.3) * t.Mean("reorder")));
            claims.Add(new($"worst EMA accuracy gap at κ = {kappa}, EMA scaling rule", ruleGap, t.Text($"rule.{kappa}.gap")));
            claims.Add(new($"D of ζ at κ = {kappa}, momentum kept", none, t.Text($"none.{kappa}"), t.Mean($"rule.{kappa}") <= t.Mean($"none.{kappa}") / 5));
            claims.Add(new($"worst EMA accuracy gap at κ = {kappa}, momentum kept", noneGap, t.Text($"none.{kappa}.gap")));
            claims.Add(new($"D of ζ at κ = {kappa}, two-point rule", "-", t.Text($"twoPoint.{kappa}")));
            claims.Add(new($"worst EMA accuracy gap at κ = {kappa}, two-point rule", "1.5 to 4 times smaller", t.Text($"twoPoint.{kappa}.gap")));
            claims.Add(new($"D of θ at κ = {kappa}", "-", t.Text($"weights.{kappa}")));
        }

        claims.Add(new("final EMA accuracy of the base batch", "0.92 ± 0.01", t.Text("accuracy"), Math.Abs(t.Mean("accuracy") - 0.92) <= 0.01));
        claims.Add(new("D of ζ at κ = 1/4 from base 64, EMA scaling rule", "0.03 to 0.04", t.Text("rule.quarter"), t.Mean("rule.quarter") <= t.Mean("none.quarter") / 5));
        claims.Add(new("D of ζ at κ = 1/4 from base 64, momentum kept", "0.49", t.Text("none.quarter")));
        claims.Add(new("η = 0.005, κ = 16: D of ζ, EMA scaling rule", "0.018", t.Text("slow.rule"), t.Mean("slow.rule") <= t.Mean("slow.none") / 5));
        claims.Add(new("η = 0.005, κ = 16: D of ζ, momentum kept", "0.89", t.Text("slow.none")));
        claims.Add(new("η = 0.005, κ = 16: distance of θ over the movement of ζ", "0.032", t.Text("slow.weights")));
        claims.Add(new("η = 0.005, κ = 16: D of θ", "-", t.Text("slow.weights.own")));
        foreach (int kappa in new[] { 4, 8, 16 })
        {
            double best = Exponents.MinBy(e => t.Mean(Exponent(kappa, e)) is var mean && double.IsNaN(mean) ? double.PositiveInfinity : mean);
            claims.Add(new($"best exponent / κ at κ = {kappa}", kappa <= 8 ? "1" : "-", best.ToString(CultureInfo.InvariantCulture), kappa <= 8 ? best == 1 : null));
        }

        claims.Add(new("D of θ at κ = 64", "diverges", t.Text("weights.64"), t.Min("weights.64") > 2 * t.Mean("reorder.weights")));
        claims.Add(new("final accuracy of the weights at κ = 64 beside the base batch's", "breaks down", string.Create(CultureInfo.InvariantCulture, $"{t.Mean("raw.64"):0.000} beside {t.Mean("raw.1"):0.000}"), t.Mean("raw.64") < t.Mean("raw.1") - 0.05));
        claims.Add(new("least κ with a noise-scale warning", "below 64", t.Whole("noise.kappa"), t.Max("noise.kappa") < 64));
        claims.Add(new("least κ with a stability warning", "-", t.Whole("stability.kappa")));
        return [.. claims];
    }

    private static List<(string Heading, string Svg)> Charts(SeedTable t, List<ChartSeries> curves)
    {
        int[] kappas = [4, 8, 16];
        int[] wide = [2, .. kappas, 32];
        ChartSeries Line(string name, string key) => new(name, [.. wide.Select(k => (Math.Log2(k), Math.Log10(t.Mean($"{key}.{k}"))))]) { Markers = true };
        ChartSeries Gap(string name, string key) => new(name, [.. kappas.Select(k => (Math.Log2(k), Math.Log10(t.Mean($"{key}.{k}.gap"))))]) { Markers = true };
        (double, double)[] Band(double value, double from = 1, double to = 5) => [(from, Math.Log10(value)), (to, Math.Log10(value))];
        return
        [
            ("EMA accuracy at κ = 8", new LineChart
            {
                Description = "Test accuracy of the averaged weights over the samples seen: base batch, another data order, batch 128 with the rule and with the momentum kept, and of the weights themselves; dashed: the base batch",
                XLabel = "samples seen",
                YLabel = "test accuracy",
                Series = curves,
            }.ToSvg()),
            ("Departure of the average over κ", new LineChart
            {
                Description = "Departure of the average from the base training over κ for each way of scaling the momentum; dashed: the range of another data order",
                XLabel = "log2 κ",
                YLabel = "log10 D of ζ",
                Series =
                [
                    Line("EMA scaling rule", "rule"), Line("momentum kept", "none"), Line("two-point rule", "twoPoint"),
                    new("another data order", Band(t.Max("reorder"))) { Reference = true }, new("", Band(t.Min("reorder"))) { Reference = true },
                ],
            }.ToSvg()),
            ("Worst gap of the EMA accuracy over κ", new LineChart
            {
                Description = "Largest difference of the averaged weights' test accuracy from the base training's over κ; dashed: another data order",
                XLabel = "log2 κ",
                YLabel = "log10 of the accuracy gap",
                Series =
                [
                    Gap("EMA scaling rule", "rule"), Gap("momentum kept", "none"), Gap("two-point rule", "twoPoint"),
                    new("another data order", Band(t.Mean("reorder.gap"), 2, 4)) { Reference = true },
                ],
            }.ToSvg()),
            ("Departure over the exponent of the momentum", new LineChart
            {
                Description = "Departure of the average from the base training over the exponent e of ρ^e, relative to κ; it is least at 1",
                XLabel = "log2 (exponent / κ)",
                YLabel = "D of ζ",
                Series = [.. kappas.Select(k => new ChartSeries($"κ = {k}", [.. Exponents.Select(e => (Math.Log2(e), t.Mean(Exponent(k, e))))]) { Markers = true })],
            }.ToSvg()),
        ];
    }

    private static string Exponent(int kappa, double factor) => string.Create(CultureInfo.InvariantCulture, $"exponent.{kappa}.{factor}");

    /// <summary>The trainings of one seed.</summary>
    private sealed class Task(ReproductionContext context, ShrunkMnist data, int seed, SeedTable table)
    {
        private readonly Func<OwnedObjective<LabelledBatch>> _network = data.Perceptron(seed);

        public void Main(List<ChartSeries>? curves)
        {
            using TrainingTrajectory ground = Record(Options(seed, Batch, Batch, Rate, Rho, EmaScaling.Exponential), null, true);
            table.Add("accuracy", ground.Curve(Accuracy)[^1].Value);
            table.Add("raw.1", ground.Curve("accuracy")[^1].Value);
            using TrainingTrajectory order = Record(Options(seed, Batch, Batch, Rate, Rho, EmaScaling.Exponential) with { OrderSeed = seed + 1000 }, ground, true);
            table.Add("reorder", order.Departure!.Average!.Value);
            table.Add("reorder.weights", order.Departure!.Weights);
            table.Add("reorder.gap", order.Departure!.WorstGaps[Accuracy]);
            var shown = new List<(string Name, TrainingTrajectory Path)>();
            foreach (int kappa in new[] { 2, 4, 8, 16, 32 })
            {
                bool isTold = kappa is >= 4 and <= 16;
                foreach ((string name, EmaScaling scaling) in new[] { ("rule", EmaScaling.Exponential), ("none", EmaScaling.None), ("twoPoint", EmaScaling.TwoPoint) })
                {
                    using TrainingTrajectory path = Record(Options(seed, kappa * Batch, Batch, Rate, Rho, scaling), ground, isTold);
                    table.Add($"{name}.{kappa}", path.Departure!.Average!.Value);
                    if (isTold)
                        table.Add($"{name}.{kappa}.gap", path.Departure!.WorstGaps[Accuracy]);
                    if (scaling == EmaScaling.Exponential)
                        table.Add($"weights.{kappa}", path.Departure!.Weights);
                    if (kappa == 8 && scaling != EmaScaling.TwoPoint)
                        shown.Add((scaling == EmaScaling.None ? "batch 128, momentum kept" : "batch 128, EMA scaling rule", path));
                }

                foreach (double factor in isTold ? Exponents : [])
                {
                    using TrainingTrajectory path = Record(Options(seed, kappa * Batch, Batch, Rate, Math.Pow(Rho, kappa * factor), EmaScaling.None), ground, false);
                    table.Add(Exponent(kappa, factor), path.Departure!.Average!.Value);
                }
            }

            using TrainingTrajectory broken = Record(Options(seed, 64 * Batch, Batch, Rate, Rho, EmaScaling.Exponential), ground, true);
            table.Add("weights.64", broken.Departure!.Weights);
            table.Add("rule.64", broken.Departure!.Average!.Value);
            table.Add("raw.64", broken.Curve("accuracy") is [.., var last] ? last.Value : 0.1);
            if (curves is null)
                return;
            (string Name, TrainingTrajectory Path)[] drawn = [.. shown, ("another data order", order)];
            curves.AddRange(drawn.Select(c => new ChartSeries($"average, {c.Name}", c.Path.Curve(Accuracy))));
            curves.Add(new("weights, batch 128", shown[0].Path.Curve("accuracy")));
            curves.Add(new("average, base batch 16", ground.Curve(Accuracy)) { Reference = true });
            curves.Add(new("weights, base batch 16", ground.Curve("accuracy")) { Reference = true });
        }

        /// <summary>From a base of 64 down to 16.</summary>
        public void Small()
        {
            double rho = Math.Pow(Rho, 4);
            using TrainingTrajectory ground = Record(Options(seed, 64, 64, 4 * Rate, rho, EmaScaling.Exponential), null, false);
            foreach ((string name, EmaScaling scaling) in new[] { ("rule", EmaScaling.Exponential), ("none", EmaScaling.None) })
            {
                using TrainingTrajectory path = Record(Options(seed, 16, 64, 4 * Rate, rho, scaling), ground, false);
                table.Add($"{name}.quarter", path.Departure!.Average!.Value);
            }
        }

        public void LowRate()
        {
            const double rate = 0.005;
            using TrainingTrajectory ground = Record(Options(seed, Batch, Batch, rate, Rho, EmaScaling.Exponential), null, false);
            foreach ((string name, EmaScaling scaling) in new[] { ("rule", EmaScaling.Exponential), ("none", EmaScaling.None) })
            {
                using TrainingTrajectory path = Record(Options(seed, 16 * Batch, Batch, rate, Rho, scaling), ground, false);
                table.Add($"slow.{name}", path.Departure!.Average!.Value);
                if (scaling == EmaScaling.Exponential)
                {
                    table.Add("slow.weights", path.Departure!.WeightDistance / path.Departure!.AverageMovement);
                    table.Add("slow.weights.own", path.Departure!.Weights);
                }
            }
        }

        /// <summary>The least κ, a power of two, at which each warning is given.</summary>
        public void Noise()
        {
            TrainerOptions options = Options(seed, Batch, Batch, Rate, Rho, EmaScaling.Exponential);
            ScalingEstimate estimate = ScalingEstimate.Measure(options, _network, data.Train, context.CancellationToken);
            table.Add("noiseScale", estimate.NoiseScale);
            table.Add("curvature", estimate.LargestCurvature!.Value);
            foreach ((string name, string key) in new[] { ("noiseScale", "noise.kappa"), ("stability", "stability.kappa") })
            {
                table.Add(key, Enumerable.Range(0, 11).Select(p => 1 << p).FirstOrDefault(
                    k => ScalingAdvice.For(options, k * Batch, ShrunkMnist.Samples, estimate).Any(w => w.Name == name), 2048));
            }
        }

        private TrainingTrajectory Record(TrainerOptions options, TrainingTrajectory? reference, bool isEvaluated)
        {
            context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: batch {options.BatchSize} from {options.BaseBatchSize}, η = {options.Optimizer.LearningRate}, {NoisyParabola.Name(options.Scaling.Ema)}{(options.OrderSeed is null ? "" : ", another data order")}"));
            return TrainingTrajectory.Record(options, _network, data.Train, isEvaluated ? data.Test : null,
                new TrajectoryOptions { Every = options.BatchSize > Every ? options.BatchSize : Every, EvaluateEvery = EvaluateEvery }, reference, context.CancellationToken);
        }
    }
}
