using System.Globalization;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Networks;
using Espalier.Networks.Vision;
using Espalier.Runs.Reports;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Reproductions.Gmlp;

/// <summary>gMLP against its rivals on small images under one short budget: MNIST, 12,000 images, 5 epochs.</summary>
internal static class GmlpImages
{
    private const int Samples = 12_000;

    private static readonly (string Name, string Reference, ModelOptions Model)[] Rivals =
    [
        ("gMLP", "96.69", new() { Name = "gmlp", Gmlp = new() { PatchSize = 4, DModel = 64, DFfn = 384, Layers = 6, InputMean = [0.1307], InputStd = [0.3081] } }),
        ("MLP-Mixer", "95.57", new() { Name = "mixer", Mixer = new() { PatchSize = 4, DModel = 64, Layers = 6, TokenHidden = 32, ChannelHidden = 256, InputMean = [0.1307], InputStd = [0.3081] } }),
        ("ViT", "85.20", new() { Name = "vit", Vit = new() { PatchSize = 4, DModel = 64, Layers = 5, Heads = 4, Pooling = VitPooling.Mean, InputMean = [0.1307], InputStd = [0.3081] } }),
    ];

    public static ReproductionPart Run(ReproductionContext context)
    {
        using LoadedData loaded = DataCatalog.Default.Load(new DataOptions { Name = "mnist", TrainFirst = Samples });
        DatasetSplits splits = loaded.Splits.To(context.Device);
        var table = new SeedTable();
        var curves = new Dictionary<string, List<(double X, double Y)>>();
        foreach (int seed in context.AllSeeds)
        {
            foreach ((string name, _, ModelOptions model) in Rivals)
            {
                context.Report($"seed {seed}: {name}");
                var curve = new List<(double X, double Y)>();
                table.Add(name, Train(model, splits, seed, context, curve));
                if (seed == context.FirstSeed)
                    curves[name] = curve;
            }
        }

        string[] names = [.. Rivals.Select(r => r.Name)];
        var claims = new List<Claim>(Rivals.Select(r => new Claim($"test accuracy of {r.Name}, %", r.Reference, table.Text(r.Name), r.Name == "gMLP" ? table.Mean("gMLP") >= 96.3 : null)))
        {
            new("gMLP is ahead of both under the same budget", "yes", table.Mean(names[0]) > Math.Max(table.Mean(names[1]), table.Mean(names[2])) ? "yes" : "no", table.Min(names[0]) > Math.Max(table.Max(names[1]), table.Max(names[2]))),
        };
        return new ReproductionPart("images",
            string.Create(CultureInfo.InvariantCulture, $"MNIST, first {Samples:N0} training images, 5 epochs, patch 4 (49 tokens), d = 64: gMLP 6 x 384 (243,510 weights), Mixer 6 (221,232), ViT 5 mean-pooled (254,922); AdamW 1e-3, cosine with 100 steps of warm-up, decay 0.05, label smoothing 0.1, batch 64, {context.SeedsText}; 10,000 test images."),
            claims,
            [
                ("Test accuracy over the epochs, seed 1", new LineChart
                {
                    Description = "Test accuracy of gMLP, MLP-Mixer and ViT after each epoch",
                    XLabel = "epoch",
                    YLabel = "test accuracy, %",
                    Series = [.. names.Select(n => new ChartSeries(n, curves[n]) { Markers = true })],
                }.ToSvg()),
            ])
        {
            Numbers = table.Means(),
        };
    }

    private static double Train(ModelOptions options, DatasetSplits splits, int seed, ReproductionContext context, List<(double X, double Y)> curve)
    {
        using var model = ModelZoo.Create(options, splits.Train.InputShape, splits.Train.ClassCount, seed);
        model.to(context.Device);
        var objective = new ClassificationObjective(model, labelSmoothing: 0.1);
        var training = new TrainerOptions
        {
            Seed = seed,
            Length = Duration.Epochs(5),
            BatchSize = 64,
            Optimizer = new() { Kind = OptimizerKind.AdamW, LearningRate = 1e-3, WeightDecay = 0.05 },
            Schedule = new() { Shape = ScheduleShape.Cosine, Warmup = Duration.Steps(100) },
        };
        var watch = new EpochCurve(curve);
        using TrainingResult result = new Trainer(training).Fit(objective, splits.Train, new() { Validation = splits.Test, Progress = watch }, context.CancellationToken);
        context.CancellationToken.ThrowIfCancellationRequested();
        return curve[^1].Y;
    }

    private sealed class EpochCurve(List<(double X, double Y)> points) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Evaluation?.TryGetValue("accuracy", out double accuracy) == true)
                points.Add((value.State.Epoch, 100 * accuracy));
        }
    }
}
