using System.Globalization;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Representation.Evaluation;
using Espalier.Representation.Heads;
using Espalier.Representation.SelfSupervision;
using Espalier.Runs.Reports;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;
using Espalier.Training.Schedules;

namespace Espalier.Reproductions;

/// <summary>
/// BYOL, whose target is the average itself, at several batch sizes with and without the rule: MNIST at 14x14, the first 6,400
/// images, a perceptron of 196-128-128, base batch 32. Judged by the training loss of the last epoch and by a linear probe.
/// </summary>
internal static class ByolBatchSizes
{
    private const int BaseBatch = 32;
    private const int Images = 6400;
    private const int Epochs = 5;

    private static readonly ScalingOptions WithoutEma = new() { Ema = EmaScaling.None };

    private static readonly Variant[] Variants =
    [
        new("base", 1, Published: [1.421, 1.225, 1.436]),
        new("reorder", 1, Published: [1.475, 1.310, 1.395]) { OtherOrder = true },
        new("rule", 2),
        new("no EMA rule", 2) { Scaling = WithoutEma },
        new("rule", 4),
        new("no EMA rule", 4) { Scaling = WithoutEma },
        new("rule", 8, Published: [1.408, 1.197, 1.391]),
        new("no EMA rule", 8, Published: [1.743, 1.503, 1.646]) { Scaling = WithoutEma },
        new("momentum kept", 8, Published: [1.577]) { Scaling = new() { Momentum = MomentumScaling.Keep } },
        new("whole-batch norm", 8, Published: [1.348]) { BatchNorm = BatchNormMode.Whole },
    ];

    public static ReproductionPart Run(ReproductionContext context)
    {
        using LoadedData loaded = DataCatalog.Default.Load(new() { Name = "mnist", Shrink = 2, TrainFirst = Images, ValidationFraction = 0.01 });
        DatasetSplits data = loaded.Splits.To(context.Device);
        Outcome[][] found = [.. Variants.Select(v => context.AllSeeds.Select(seed =>
        {
            Outcome outcome = Train(v, seed, data, context.CancellationToken);
            context.Report($"byol {v.Title}, seed {seed}: loss {string.Join(" ", outcome.Losses.Select(Text))}, linear {outcome.Linear.ToString("P2", CultureInfo.InvariantCulture)}");
            return outcome;
        }).ToArray())];
        return Judge(context.Seeds, found);
    }

    /// <summary>Trains once.</summary>
    private static Outcome Train(Variant variant, int seed, DatasetSplits data, CancellationToken cancellationToken)
    {
        var shared = new SelfSupervisionOptions
        {
            // The pixels' mean and deviation at 14x14.
            Encoder = new() { Name = "mlp", Widths = [128, 128], InputMean = [0.1307], InputStd = [0.28] },
            Views = new() { Preset = "digits" },
            OnlineProbe = false,
        };
        var head = new ProjectionHeadOptions { HiddenSize = 128, OutputSize = 32 };
        using var byol = new Byol(new() { Projector = head, Predictor = head }, shared, data.Train, seed);
        var options = new TrainerOptions
        {
            Length = Duration.Epochs(Epochs),
            BatchSize = BaseBatch * variant.Kappa,
            BaseBatchSize = BaseBatch,
            GhostBatchSize = variant.BatchNorm == BatchNormMode.Ghost ? BaseBatch : null,
            BatchNorm = variant.BatchNorm,
            Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.005, Momentum = 0.9, WeightDecay = 0 },
            Schedule = new() { Shape = ScheduleShape.Cosine },
            Ema = new() { Momentum = 0.99, Schedule = EmaSchedule.CosineToOne, Exclude = ["predictor.*"] },
            Scaling = variant.Scaling,
            Seed = variant.OtherOrder ? seed + 1000 : seed,
        };
        var losses = new EpochLosses();
        using TrainingResult result = new Trainer(options).Fit(byol, byol.ForTraining(data.Train), new() { Progress = losses }, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using LinearProbeResult probe = new LinearProbe(new()).Run(
            EncoderFeatures.Of(byol.Online.Encoder, data.Train, cancellationToken), data.Train.Labels,
            EncoderFeatures.Of(byol.Online.Encoder, data.Test, cancellationToken), data.Test.Labels, cancellationToken);
        return new Outcome(losses.Means, probe.Accuracy);
    }

    private static ReproductionPart Judge(int seeds, Outcome[][] found)
    {
        double[] ground = Last(Find("base", 1));
        double GapOf(string name, int kappa) => Last(Find(name, kappa)).Zip(ground, (a, b) => Math.Abs(a - b)).Average();
        double reorder = GapOf("reorder", 1), rule = GapOf("rule", 8), none = GapOf("no EMA rule", 8);
        var claims = new List<Claim>
        {
            new("gap to the base's last loss at κ = 8 with the rule, at most that of another data order", "0.03 against 0.06", $"{Text(rule)} against {Text(reorder)}", rule <= reorder),
            new("that gap without the EMA rule, at least 5 times the rule's", "0.27, 9 times", $"{Text(none)}, {(none / rule).ToString("0.#", CultureInfo.InvariantCulture)} times", none >= 5 * rule),
        };
        for (int i = 0; i < Variants.Length; i++)
        {
            Variant v = Variants[i];
            claims.Add(new($"last epoch's loss, {v.Title}", v.Published is null ? "" : string.Join(", ", v.Published.Select(Text)), string.Join(", ", Last(found[i]).Select(Text))));
        }

        for (int i = 0; i < Variants.Length; i++)
            claims.Add(new($"linear probe, {Variants[i].Title}", "", string.Join(", ", found[i].Select(o => o.Linear.ToString("P1", CultureInfo.InvariantCulture)))));

        int[] kappas = [2, 4, 8];
        ChartSeries Gap(string name) => new(name, [.. kappas.Select(k => ((double)k, GapOf(name, k)))]) { Markers = true };
        string curves = new LineChart
        {
            Description = "Training loss of BYOL per epoch at the base batch, with another data order, and at 8 times the batch with the whole rule and with parts of it left out; means over the seeds",
            XLabel = "epoch",
            YLabel = "mean training loss",
            Series = [.. Variants.Select((v, i) => (Variant: v, Index: i)).Where(v => v.Variant.Kappa is 1 or 8).Select(v => new ChartSeries(v.Variant.Title, Mean(found[v.Index])) { Markers = true })],
        }.ToSvg();
        string gaps = new LineChart
        {
            Description = "Distance of the last epoch's loss from the base batch's over κ, with and without the EMA rule",
            XLabel = "κ",
            YLabel = "mean |loss - base loss|",
            YMinimum = 0,
            Series = [Gap("rule"), Gap("no EMA rule"), new("another data order", [(2, reorder), (8, reorder)]) { Reference = true }],
        }.ToSvg();
        string probes = new LineChart
        {
            Description = "Test accuracy of the linear probe over κ, with and without the EMA rule, means over the seeds",
            XLabel = "κ",
            YLabel = "linear accuracy in %",

            // Half a point is within what another data order does; an axis fitted to the data would make it look like more.
            YMinimum = 80,
            YMaximum = 95,
            Series = [Probe("rule"), Probe("no EMA rule")],
        }.ToSvg();
        return new ReproductionPart("byol",
            $"MNIST at 14x14, the first {Images:N0} images, {Epochs} epochs, base batch {BaseBatch}, {seeds} seed{(seeds == 1 ? "" : "s")}; gaps are means over the seeds. The published losses are those of an independent implementation with seeds of its own.",
            claims, [("Training loss per epoch", curves), ("Gap to the base batch", gaps), ("Linear probe", probes)])
        {
            Numbers = Variants.SelectMany((v, i) => new (string Name, double Value)[]
            {
                ($"{v.Key}.loss", Last(found[i]).Average()),
                ($"{v.Key}.linear", found[i].Average(o => o.Linear)),
            }).Append(("gap.reorder", reorder)).Append(("gap.rule", rule)).Append(("gap.none", none)).ToDictionary(n => n.Item1, n => n.Item2),
        };

        Outcome[] Find(string name, int kappa) => found[Array.FindIndex(Variants, v => v.Name == name && v.Kappa == kappa)];

        ChartSeries Probe(string name) => new(name, [(1, Find("base", 1).Average(o => 100 * o.Linear)), .. kappas.Select(k => ((double)k, Find(name, k).Average(o => 100 * o.Linear)))]) { Markers = true };
    }

    private static double[] Last(Outcome[] outcomes) => [.. outcomes.Select(o => o.Losses[^1])];

    private static (double X, double Y)[] Mean(Outcome[] outcomes) => [.. Enumerable.Range(0, Epochs).Select(e => (e + 1.0, outcomes.Average(o => o.Losses[e])))];

    private static string Text(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>One way of training.</summary>
    private sealed record Variant(string Name, int Kappa, IReadOnlyList<double>? Published = null)
    {
        public ScalingOptions Scaling { get; init; } = new();

        public BatchNormMode BatchNorm { get; init; } = BatchNormMode.Ghost;

        public bool OtherOrder { get; init; }

        public string Title => Kappa == 1 ? Name : $"κ = {Kappa}, {Name}";

        public string Key => $"{Name.Replace(' ', '-')}.{Kappa}";
    }

    /// <summary>What came of it: the mean loss of each epoch, and the probe's accuracy.</summary>
    private sealed record Outcome(IReadOnlyList<double> Losses, double Linear);

    /// <summary>The mean loss per sample of each epoch.</summary>
    private sealed class EpochLosses : IProgress<TrainingProgress>
    {
        private readonly double[] _sums = new double[Epochs];
        private long _seen;

        public IReadOnlyList<double> Means => [.. _sums.Select(s => s / Images)];

        public void Report(TrainingProgress value)
        {
            _sums[_seen / Images] += value.Loss * (value.State.SamplesSeen - _seen);
            _seen = value.State.SamplesSeen;
        }
    }
}
