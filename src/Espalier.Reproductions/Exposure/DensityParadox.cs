using System.Globalization;
using Espalier.Anomaly.Density;
using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Metrics;
using Espalier.Networks.Density;
using Espalier.Reproductions.Gmlp;
using Espalier.Runs.Reports;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Reproductions.Exposure;

/// <summary>A density of clothes finds digits more likely than clothes, until it is exposed to other outliers (Hendrycks et al. 2019, section 4.4).</summary>
internal static class DensityParadox
{
    private const int Shown = 1000;
    private const int Watched = 400;
    private const int Steps = 800;

    private static readonly string[] s_sets = ["mnist", "omniglot", "notmnist", "negative"];

    public static ReproductionPart Run(ReproductionContext context)
    {
        using UncutData fashion = DataCatalog.Default.LoadUncut(new() { Name = "fashion-mnist" });
        using UncutData mnist = DataCatalog.Default.LoadUncut(new() { Name = "mnist" });
        (Dataset train, Dataset test, Dataset digits) = (fashion.Pool.To(context.Device), fashion.ForTest.To(context.Device), mnist.ForTest.To(context.Device));
        using var scope = torch.NewDisposeScope();
        Tensor inside = test.First(Shown).Inputs;
        Dictionary<string, Tensor> outside = s_sets.ToDictionary(s => s, s => s == "mnist" ? digits.First(Shown).Inputs : MnistConvNets.Outliers(s, digits, Shown));
        using Dataset exposed = Exposed(digits);
        var table = new SeedTable();
        var curves = new List<ChartSeries>();
        double leastSum = double.PositiveInfinity, mostSum = 0;
        int parameters = 0;
        foreach (int seed in context.AllSeeds)
        {
            using var model = new PixelCnn(new(), seed);
            model.to(context.Device);
            parameters = (int)model.parameters().Sum(p => p.numel());
            Train(model, new DensityObjective(model, train), Duration.Epochs(2), 32, 2e-3, ScheduleShape.Cosine, null);
            Measure("before");
            context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {table.Last("before.bits"):0.00} bits a pixel, digits {table.Last("before.mnist.bits"):0.00}, AUROC {table.Last("before.mnist.auroc"):0.0}"));
            var curve = new List<(double X, double Y)>();
            var listener = new EvaluationListener((step, _) =>
            {
                double auroc = Digits(model);
                context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}, step {step}: digits' AUROC {auroc:0.0} on {Watched}"));
                curve.Add((step, auroc));
            });
            Train(model, new DensityObjective(model, train, exposed, seed: seed), Duration.Steps(Steps), 16, 1e-3, ScheduleShape.Constant, listener);
            curves.Add(new($"seed {seed}", curve) { Markers = true });
            Measure("after");
            (double least, double most) = Sums(model, inside.narrow(0, 0, 2));
            (leastSum, mostSum) = (Math.Min(leastSum, least), Math.Max(mostSum, most));

            void Train(PixelCnn density, DensityObjective objective, Duration length, int batch, double rate, ScheduleShape shape, IProgress<TrainingProgress>? progress)
            {
                var options = new TrainerOptions
                {
                    Seed = seed,
                    Length = length,
                    BatchSize = batch,
                    Optimizer = new() { Kind = OptimizerKind.AdamW, LearningRate = rate, WeightDecay = 0 },
                    Schedule = new() { Shape = shape },
                    ClipNorm = 1,
                    EvaluateEvery = Duration.Steps(100),
                };
                using Dataset? watched = progress is null ? null : test.Subset([.. Enumerable.Range(0, Watched)]);
                using TrainingResult result = new Trainer(options).Fit(objective, objective.ForTraining(train), new() { Validation = watched is null ? null : objective.ForEvaluation(watched), Progress = progress }, context.CancellationToken);
                context.CancellationToken.ThrowIfCancellationRequested();
            }

            void Measure(string when)
            {
                var detector = new BitsPerDimension(model);
                double[] own = Values(detector.Score(inside));
                table.Add($"{when}.bits", own.Average());
                foreach ((string name, Tensor images) in outside)
                {
                    double[] scores = Values(detector.Score(images));
                    table.Add($"{when}.{name}.bits", scores.Average());
                    table.Add($"{when}.{name}.auroc", 100 * Auroc.Of(scores, own));
                }

                var corrected = new BitsPerDimension(model) { ForComplexity = true };
                table.Add($"{when}.corrected.auroc", 100 * Auroc.Of(Values(corrected.Score(outside["mnist"])), Values(corrected.Score(inside))));
            }

            double Digits(PixelCnn density)
            {
                var detector = new BitsPerDimension(density);
                return 100 * Auroc.Of(Values(detector.Score(outside["mnist"].narrow(0, 0, Watched))), Values(detector.Score(inside.narrow(0, 0, Watched))));
            }
        }

        double growth = (table.Mean("after.bits") / table.Mean("before.bits")) - 1;
        return new("density",
            string.Create(CultureInfo.InvariantCulture, $"A PixelCNN of {parameters:N0} weights on 12,000 images of Fashion-MNIST, 2 epochs; then {Steps} steps beside outliers, half Omniglot and half notMNIST, M = 784 nats, 16 and 16 images. {Shown:N0} images of each set; {context.SeedsText}."),
            [
                new("weights", "33,615", parameters.ToString("N0", CultureInfo.InvariantCulture), parameters == 33_615),
                new("bits a pixel of clothes", "3.42", table.Text("before.bits")),
                new("bits a pixel of digits", "1.62", table.Text("before.mnist.bits"), table.Max("before.mnist.bits") < table.Min("before.bits")),
                new("AUROC of digits before, %", "3.3, below 10", table.Text("before.mnist.auroc"), table.Max("before.mnist.auroc") < 10),
                new("AUROC of Omniglot, notMNIST and negative digits before, %", "3.8, 51.9, 40.2", $"{table.Text("before.omniglot.auroc")}, {table.Text("before.notmnist.auroc")}, {table.Text("before.negative.auroc")}"),
                new("AUROC of digits before, less what a compressor needs, %", "", table.Text("before.corrected.auroc")),
                new($"AUROC of digits after {Steps} steps, %", "92.6, at least 85", table.Text("after.mnist.auroc"), table.Min("after.mnist.auroc") >= 85),
                new("bits a pixel of clothes after", "3.70, at most 12 % more", string.Create(CultureInfo.InvariantCulture, $"{table.Text("after.bits")}, {100 * growth:0.0} % more"), growth <= 0.12),
                new("AUROC of negative digits after, %", "", table.Text("after.negative.auroc")),
                new("sum of the 256 probabilities of a pixel", "1 ± 1e-6", string.Create(CultureInfo.InvariantCulture, $"{leastSum:0.00000000} to {mostSum:0.00000000}"), leastSum > 1 - 1e-6 && mostSum < 1 + 1e-6),
            ],
            [("Digits told from clothes while the density is exposed to letters", new LineChart { Description = "AUROC of digits against clothes over the steps of exposure", XLabel = "step", YLabel = "AUROC of digits, %", Series = curves }.ToSvg())])
        {
            Numbers = table.Means(),
        };
    }

    // Half Omniglot, half notMNIST.
    private static Dataset Exposed(Dataset like)
    {
        using var scope = torch.NewDisposeScope();
        Tensor drawn = OutlierSource.OpenForTraining("omniglot").Load(new OutlierRequest { Shape = like.InputShape });
        Tensor letters = OutlierSource.OpenForTraining("notmnist").Load(new OutlierRequest { Shape = like.InputShape }).narrow(0, Shown, drawn.shape[0]);
        Tensor both = torch.cat([drawn, letters]).to(like.Device);
        return new Dataset("omniglot and notmnist", both, torch.zeros(both.shape[0], dtype: torch.int64, device: like.Device), ["outlier"]);
    }

    // Over the 256 values of each pixel, given the image before it.
    private static (double Least, double Most) Sums(PixelCnn model, Tensor images)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor mixture = model.call(images).to(torch.float64);
        Tensor sum = torch.zeros(images.squeeze(1).shape, dtype: torch.float64, device: images.device);
        for (int k = 0; k < 256; k++)
            sum += DiscretizedLogistic.LogProbability(torch.full_like(sum, (2 * k / 255.0) - 1), mixture).exp();
        return (sum.min().ToDouble(), sum.max().ToDouble());
    }

    private static double[] Values(Tensor scores) => scores.data<double>().ToArray();
}
