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

/// <summary>The optimizers' own rules on the task of <see cref="SupervisedScaling"/>: momentum, Adam and its kin, and what is carried over a switch of the batch size.</summary>
internal static class OptimizerScaling
{
    private const int Batch = 16;
    private const long Every = 256;
    private const string None = "rate and betas kept";
    private const string Rule = "√κ η, β^κ";
    private const string RateOnly = "√κ η only";
    private const string Linear = "κη, β^κ";

    private static readonly (int Kappa, double Kept, double Scaled)[] Momentum = [(2, 0.074, 0.027), (4, 0.136, 0.046), (8, 0.234, 0.049), (16, 0.388, 0.140)];

    private static readonly (string Name, double Published, ScalingOptions Scaling)[] Adam =
    [
        (Rule, 0.42, new()),
        (RateOnly, 0.48, new() { Betas = BetaScaling.Keep }),
        (Linear, 1.29, new() { LearningRate = LearningRateScaling.Linear }),
        (None, 0.88, new() { LearningRate = LearningRateScaling.None, Betas = BetaScaling.Keep }),
    ];

    private static readonly (string Name, OptimizerOptions Options)[] Others =
    [
        ("RMSProp", new() { Kind = OptimizerKind.RmsProp, LearningRate = 2e-4, Beta2 = 0.99, WeightDecay = 0 }),
        ("AdamW", new() { Kind = OptimizerKind.AdamW, LearningRate = 5e-4, WeightDecay = 0.05 }),
        ("LARS", new() { Kind = OptimizerKind.Lars, LearningRate = 0.5, Momentum = 0.9, WeightDecay = 0 }),
        ("LAMB", new() { Kind = OptimizerKind.Lamb, LearningRate = 5e-4, WeightDecay = 0 }),
    ];

    private static readonly (int Kappa, double Kept, double Divided)[] Switch = [(4, 0.398, 0.076), (8, 0.547, 0.100), (16, 0.665, 0.173)];

    public static ReproductionPart Run(ReproductionContext context)
    {
        using ShrunkMnist data = ShrunkMnist.Load(context.Device);
        var table = new SeedTable();
        foreach (int seed in context.AllSeeds)
        {
            var task = new Task(context, data, seed, table);
            task.HeavyBall();
            task.Adaptive();
            task.Kin();
            task.Switched();
        }

        return new ReproductionPart("optimizers",
            string.Create(CultureInfo.InvariantCulture, $"The task of the part supervised, base batch {Batch}, ρ = 0.999, {context.SeedsText}. The published numbers divide the mean distance of the weights θ by the mean movement of the average ζ (of θ since the switch, for the switch), which is what agrees with them; d is that, D divides by the movement of θ itself. Rows without a published number are ours."),
            Claims(table), Charts(table))
        {
            Numbers = table.Means(),
        };
    }

    private static Claim[] Claims(SeedTable t)
    {
        var claims = new List<Claim> { new("SGD with momentum 0.9: d of θ, another data order", "-", Text(t, "sgd.reorder")) };
        foreach ((int kappa, double kept, double scaled) in Momentum)
        {
            claims.Add(new($"SGD, κ = {kappa}: d of θ, μ kept", Number(kept), Text(t, $"sgd.kept.{kappa}")));
            claims.Add(new($"SGD, κ = {kappa}: d of θ, μ^κ", kappa == 8 ? "0.049, at most 0.05" : Number(scaled), Text(t, $"sgd.scaled.{kappa}"),
                t.Mean($"sgd.scaled.{kappa}") < t.Mean($"sgd.kept.{kappa}") && (kappa != 8 || t.Mean("sgd.scaled.8") <= 0.05)));
        }

        claims.Add(new("Adam: d of θ, another data order", "0.40", Text(t, "adam.reorder")));
        foreach ((string name, double published, ScalingOptions _) in Adam)
        {
            claims.Add(new($"Adam, κ = 8: d of θ, {name}", Number(published), Text(t, $"adam.{name}"),
                name == Rule ? Adam.All(a => t.Mean($"adam.{Rule}") <= t.Mean($"adam.{a.Name}")) : null));
        }

        foreach ((string name, OptimizerOptions _) in Others)
        {
            claims.Add(new($"{name}, κ = 8: d of θ, another data order", "-", Text(t, $"{name}.reorder")));
            claims.Add(new($"{name}, κ = 8: d of θ, rule", "-", Text(t, $"{name}.rule"), t.Mean($"{name}.rule") < t.Mean($"{name}.none")));
            claims.Add(new($"{name}, κ = 8: d of θ, {None}", "-", Text(t, $"{name}.none")));
        }

        foreach ((int kappa, double kept, double divided) in Switch)
        {
            claims.Add(new($"Adam, switch to κ = {kappa}: d of θ, second moment kept", Number(kept), t.Text($"switch.kept.{kappa}")));
            claims.Add(new($"Adam, switch to κ = {kappa}: d of θ, second moment divided by κ", Number(divided), t.Text($"switch.divided.{kappa}"),
                t.Mean($"switch.divided.{kappa}") <= t.Mean($"switch.kept.{kappa}") / 2));
        }

        return [.. claims];
    }

    private static List<(string Heading, string Svg)> Charts(SeedTable t)
    {
        ChartSeries Line(string name, IEnumerable<int> kappas, string key) => new(name, [.. kappas.Select(k => (Math.Log2(k), t.Mean($"{key}.{k}")))]) { Markers = true };
        int[] momentum = [.. Momentum.Select(m => m.Kappa)];
        int[] switched = [.. Switch.Select(m => m.Kappa)];
        double order = t.Mean("sgd.reorder");
        return
        [
            ("SGD with momentum", new LineChart
            {
                Description = "Departure of the weights over κ with the momentum kept and with its power; dashed: another data order",
                XLabel = "log2 κ",
                YLabel = "d of θ",
                YMinimum = 0,
                Series = [Line("μ^κ", momentum, "sgd.scaled"), Line("μ kept", momentum, "sgd.kept"), new("another data order", [(1, order), (4, order)]) { Reference = true }],
            }.ToSvg()),
            ("Adam after a switch of the batch size", new LineChart
            {
                Description = "Departure of the weights after a switch from the base batch to κ times it, with the second moment kept and divided by κ",
                XLabel = "log2 κ",
                YLabel = "d of θ after the switch",
                YMinimum = 0,
                Series = [Line("divided by κ", switched, "switch.divided"), Line("kept", switched, "switch.kept")],
            }.ToSvg()),
        ];
    }

    private static string Text(SeedTable t, string key) => string.Create(CultureInfo.InvariantCulture, $"{t.Text(key)}; D {t.Mean(key + ".own"):0.000}");

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>The trainings of one seed.</summary>
    private sealed class Task(ReproductionContext context, ShrunkMnist data, int seed, SeedTable table)
    {
        private readonly Func<OwnedObjective<LabelledBatch>> _network = data.Perceptron(seed);

        public void HeavyBall()
        {
            var sgd = new OptimizerOptions { Kind = OptimizerKind.Sgd, LearningRate = 0.002, Momentum = 0.9, WeightDecay = 0 };
            using TrainingTrajectory ground = Record("SGD", Options(sgd), null);
            Add("sgd.reorder", "SGD, another data order", Options(sgd) with { OrderSeed = seed + 1000 }, ground);
            foreach ((int kappa, double _, double _) in Momentum)
            {
                Add($"sgd.kept.{kappa}", $"SGD, κ = {kappa}, momentum kept", Options(sgd) with { BatchSize = kappa * Batch, Scaling = new() { Momentum = MomentumScaling.Keep } }, ground);
                Add($"sgd.scaled.{kappa}", $"SGD, κ = {kappa}", Options(sgd) with { BatchSize = kappa * Batch }, ground);
            }
        }

        public void Adaptive()
        {
            var adam = new OptimizerOptions { Kind = OptimizerKind.Adam, LearningRate = 5e-4, WeightDecay = 0 };
            using TrainingTrajectory ground = Record("Adam", Options(adam), null);
            Add("adam.reorder", "Adam, another data order", Options(adam) with { OrderSeed = seed + 1000 }, ground);
            foreach ((string name, double _, ScalingOptions scaling) in Adam)
                Add($"adam.{name}", $"Adam, κ = 8, {name}", Options(adam) with { BatchSize = 8 * Batch, Scaling = scaling }, ground);
        }

        public void Kin()
        {
            foreach ((string name, OptimizerOptions optimizer) in Others)
            {
                using TrainingTrajectory ground = Record(name, Options(optimizer), null);
                Add($"{name}.reorder", $"{name}, another data order", Options(optimizer) with { OrderSeed = seed + 1000 }, ground);
                Add($"{name}.rule", $"{name}, κ = 8", Options(optimizer) with { BatchSize = 8 * Batch }, ground);
                Add($"{name}.none", $"{name}, κ = 8, {None}", Options(optimizer) with
                {
                    BatchSize = 8 * Batch,
                    Scaling = new() { LearningRate = LearningRateScaling.None, Betas = BetaScaling.Keep, Momentum = MomentumScaling.Keep },
                }, ground);
            }
        }

        /// <summary>The batch changes after one epoch; departures are measured in the second one.</summary>
        public void Switched()
        {
            var adam = new OptimizerOptions { Kind = OptimizerKind.Adam, LearningRate = 5e-4, WeightDecay = 0 };
            using TrainingTrajectory ground = Record("Adam", Options(adam), null, ShrunkMnist.Samples);
            foreach ((int kappa, double _, double _) in Switch)
            {
                foreach ((string name, bool transfers) in new[] { ("kept", false), ("divided", true) })
                {
                    Add($"switch.{name}.{kappa}", $"Adam, switch to κ = {kappa}, second moment {name}", Options(adam) with
                    {
                        BatchSchedule = [new() { After = Duration.Epochs(1), BatchSize = kappa * Batch }],
                        Scaling = new() { TransferMoments = transfers },
                    }, ground, ShrunkMnist.Samples);
                }
            }
        }

        private TrainerOptions Options(OptimizerOptions optimizer) => new()
        {
            Seed = seed,
            BatchSize = Batch,
            BaseBatchSize = Batch,
            Length = Duration.Epochs(2),
            Optimizer = optimizer,
            Schedule = new() { Shape = ScheduleShape.Constant },
            Ema = new() { Momentum = 0.999 },
        };

        private void Add(string key, string text, TrainerOptions options, TrainingTrajectory ground, long from = 0)
        {
            using TrainingTrajectory path = Record(text, options, ground, from);
            TrainingDeparture departure = path.Departure!;
            table.Add(key, from > 0 ? departure.Weights : departure.WeightDistance / departure.AverageMovement);
            if (from == 0)
                table.Add($"{key}.own", departure.Weights);
        }

        private TrainingTrajectory Record(string text, TrainerOptions options, TrainingTrajectory? reference, long from = 0)
        {
            context.Report($"seed {seed}: {text}");
            return TrainingTrajectory.Record(options, _network, data.Train, null, new TrajectoryOptions { Every = Every, From = from }, reference, context.CancellationToken);
        }
    }
}
