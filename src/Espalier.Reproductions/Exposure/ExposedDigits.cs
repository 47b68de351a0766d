using System.Globalization;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Evaluation;
using Espalier.Anomaly.Exposure;
using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Reproductions.Exposure;

/// <summary>Outlier exposure of a small network for MNIST, trained by this product: before and after, which outliers help, and by energy.</summary>
internal static class ExposedDigits
{
    private const int Shown = 2000;
    private const int AblationSamples = 12_000;
    private const string Unseen = "notmnist";

    // None of them is what the network is exposed to.
    private static readonly string[] s_sets = ["gaussian", "rademacher", "blobs", "textures", "notmnist", "omniglot", "negative"];
    private static readonly string[] s_generated = ["gaussian", "rademacher", "blobs", "textures", "negative"];

    public static ReproductionPart Run(ReproductionContext context)
    {
        using var data = new Data(context.Device);
        var table = new SeedTable();
        foreach (int seed in context.AllSeeds)
        {
            using Module plain = data.Create(seed);
            Train(new ClassificationObjective(plain), data.Train, 5, seed, context);
            Measure("before", plain, "msp", s_sets, data, table);
            Measure("before.uniform", plain, "uniform-ce", s_sets, data, table);
            Measure("before.energy", plain, "energy", s_generated, data, table);

            using Module exposed = data.Copy(plain, seed);
            var objective = new OutlierExposure(exposed, data.Train, data.Fashion, seed: seed);
            Train(objective, objective.ForTraining(data.Train), 2, seed, context);
            Measure("after", exposed, "msp", s_sets, data, table);
            Measure("after.uniform", exposed, "uniform-ce", s_sets, data, table);

            using Module energy = data.Copy(plain, seed);
            var margins = new OutlierExposure(energy, data.Train, data.Fashion, new() { Loss = OutlierLoss.Energy, InlierEnergy = -9, OutlierEnergy = -3 }, seed);
            Train(margins, margins.ForTraining(data.Train), 2, seed, context);
            Measure("after.energy", energy, "energy", s_generated, data, table);
            context.Report(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: error {table.Last("before.error"):0.00} to {table.Last("after.error"):0.00} %, AUPR {table.Last("before.aupr"):0.00} to {table.Last("after.aupr"):0.00} %"));
        }

        double gain = table.Mean("after.aupr") - table.Mean("before.aupr");
        return new("training",
            string.Create(CultureInfo.InvariantCulture, $"A ConvNet of 22 thousand weights, 5 epochs on the 60,000 training images of MNIST, then 2 more beside 12,000 images of Fashion-MNIST, λ = 0.5; {Shown:N0} outliers of each of {s_sets.Length} sets, of which it has seen none, against all 10,000 test images; {context.SeedsText}."),
            [
                new("error after plain training, %", "1.26, at most 1.4", table.Text("before.error"), table.Mean("before.error") <= 1.4),
                new("error after exposure, %", "1.40, at most 0.3 more", table.Text("after.error"), table.Mean("after.error") <= table.Mean("before.error") + 0.3),
                new("MSP, mean FPR95, %", "6.66 to 2.42", $"{table.Text("before.fpr")} to {table.Text("after.fpr")}", table.Mean("after.fpr") < table.Mean("before.fpr")),
                new("MSP, mean AUROC, %", "98.34 to 99.46", $"{table.Text("before.auroc")} to {table.Text("after.auroc")}", table.Mean("after.auroc") > table.Mean("before.auroc")),
                new("MSP, mean AUPR, %", "92.75 to 97.60, at least 3.5 more", $"{table.Text("before.aupr")} to {table.Text("after.aupr")}", gain >= 3.5),
                new("H(U;p) in place of MSP, mean AUROC, %", "better after exposure", $"{table.Text("before.uniform.auroc")} to {table.Text("after.uniform.auroc")}", table.Mean("after.uniform.auroc") >= table.Mean("after.auroc")),
                new("energy fine-tuning, energy's mean AUROC on five generated sets, %", "99.79 to 99.93", $"{table.Text("before.energy.auroc")} to {table.Text("after.energy.auroc")}", table.Mean("after.energy.auroc") > table.Mean("before.energy.auroc")),
                new("error after energy fine-tuning, %", "", table.Text("after.energy.error")),
            ],
            [])
        {
            Numbers = table.Means(),
        };
    }

    public static ReproductionPart Ablation(ReproductionContext context)
    {
        using var data = new Data(context.Device);
        using Dataset train = data.Train.Subset([.. Enumerable.Range(0, AblationSamples)]);
        var table = new SeedTable();
        (string Name, string Reference, Func<Dataset> Outliers, double Weight)[] cases =
        [
            ("none", "82.4", () => data.Classes(10), 0),
            ("uniform noise", "82.8", () => data.Generated("uniform", 12_000), 0.5),
            ("clothes, 1 class", "90.7", () => data.Classes(1), 0.5),
            ("clothes, 3 classes", "90.7", () => data.Classes(3), 0.5),
            ("clothes, 10 classes", "93.7", () => data.Classes(10), 0.5),
            ("noisy digits", "91.2", data.Noisy, 0.5),
            ("clothes, λ = 0.1", "89.8", () => data.Classes(10), 0.1),
            ("clothes, λ = 2", "95.0", () => data.Classes(10), 2),
            ("Omniglot", "71.0", () => data.Generated("omniglot", 2720), 0.5),
        ];
        foreach (int seed in context.AllSeeds)
        {
            using Module plain = data.Create(seed);
            Train(new ClassificationObjective(plain), data.Train, 5, seed, context);
            foreach ((string name, _, Func<Dataset> make, double weight) in cases)
            {
                using Dataset outliers = make();
                using Module exposed = data.Copy(plain, seed);
                var objective = new OutlierExposure(exposed, train, outliers, new() { Weight = weight }, seed);
                Train(objective, objective.ForTraining(train), 1, seed, context);
                Measure(name, exposed, "msp", [Unseen], data, table);
            }

            context.Report($"seed {seed}: {string.Join(", ", cases.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Name} {table.Last($"{c.Name}.aupr"):0.0}")))}");
        }

        double Aupr(string name) => table.Mean($"{name}.aupr");
        var claims = new List<Claim>(cases.Select(c => new Claim($"{c.Name}: AUPR on {Unseen}, %; error, %", c.Reference, $"{table.Text($"{c.Name}.aupr")}; {table.Text($"{c.Name}.error")}")))
        {
            new("order: ten classes, one class, none, Omniglot", "93.7 > 90.7 > 82.4 > 71.0",
                string.Create(CultureInfo.InvariantCulture, $"{Aupr("clothes, 10 classes"):0.0}, {Aupr("clothes, 1 class"):0.0}, {Aupr("none"):0.0}, {Aupr("Omniglot"):0.0}"),
                Aupr("clothes, 10 classes") > Aupr("clothes, 1 class") && Aupr("clothes, 1 class") > Aupr("none") && Aupr("none") > Aupr("Omniglot")),
            new("uniform noise beside none", "within 2", string.Create(CultureInfo.InvariantCulture, $"{Aupr("uniform noise") - Aupr("none"):0.0}"), Math.Abs(Aupr("uniform noise") - Aupr("none")) <= 2),
        };
        return new("outliers", $"What a network is exposed to: the network of the part 'training', one epoch of the first {AblationSamples:N0} training images beside each kind of outliers; MSP on {Unseen}, which is in none of them; {context.SeedsText}.", claims, [])
        {
            Numbers = table.Means(),
        };
    }

    private static void Train<TBatch>(Objective<TBatch> objective, ISampleSource<TBatch> train, double epochs, int seed, ReproductionContext context)
        where TBatch : IBatch
    {
        var options = new TrainerOptions
        {
            Seed = seed,
            Length = Duration.Epochs(epochs),
            BatchSize = 50,
            Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.01, Momentum = 0.9, Nesterov = true, WeightDecay = 0 },
            Schedule = new() { Shape = ScheduleShape.Cosine, FinalFraction = 1e-4 },
        };
        using TrainingResult result = new Trainer(options).Fit(objective, train, cancellationToken: context.CancellationToken);
        context.CancellationToken.ThrowIfCancellationRequested();
    }

    private static void Measure(string name, Module model, string detector, string[] sets, Data data, SeedTable table)
    {
        using var scope = torch.NewDisposeScope();
        using var classifier = new TorchClassifier(model, data.Test.InputShape, data.Test.ClassCount);
        using var scorer = Detector.Create(detector, classifier);
        LabelledBatch test = data.Test.All();
        double[] inside = scorer.Score(test.Inputs).data<double>().ToArray();
        DetectionMetrics[] found = [.. sets.Select(s => DetectionMetrics.Of(inside, scorer.Score(data.Set(s)).data<double>().ToArray()))];
        table.Add($"{name}.error", 100 * classifier.Predict(test.Inputs).ne(test.Labels).to(torch.float64).mean().ToDouble());
        table.Add($"{name}.auroc", 100 * found.Average(f => f.Auroc));
        table.Add($"{name}.aupr", 100 * found.Average(f => f.AveragePrecision));
        table.Add($"{name}.fpr", 100 * found.Average(f => f.FalsePositiveRate));
    }

    /// <summary>MNIST, and what the network is exposed to and tested with.</summary>
    private sealed class Data : IDisposable
    {
        private readonly UncutData _mnist;
        private readonly UncutData _fashion;
        private readonly Dictionary<string, Tensor> _sets;

        public Data(torch.Device device)
        {
            _mnist = DataCatalog.Default.LoadUncut(new() { Name = "mnist" });
            _fashion = DataCatalog.Default.LoadUncut(new() { Name = "fashion-mnist" });
            (Train, Test, Fashion) = (_mnist.Pool.To(device), _mnist.ForTest.To(device), _fashion.Pool.To(device));
            _sets = s_sets.ToDictionary(s => s, s => MnistConvNets.Outliers(s, Test, Shown).DetachFromDisposeScope());
        }

        public Dataset Train { get; }

        public Dataset Test { get; }

        public Dataset Fashion { get; }

        public Tensor Set(string name) => _sets[name];

        public Module Create(int seed)
        {
            Module model = ModelZoo.Create(new() { Name = "oe_mnist_convnet" }, Train.InputShape, Train.ClassCount, seed);
            model.to(Train.Device);
            return model;
        }

        public Module Copy(Module source, int seed)
        {
            Module copy = Create(seed);
            using var _ = torch.no_grad();
            foreach ((TorchSharp.Modules.Parameter to, TorchSharp.Modules.Parameter from) in copy.parameters().Zip(source.parameters()))
                to.copy_(from);
            return copy;
        }

        public Dataset Classes(int count)
        {
            long[] labels = Fashion.LabelArray();
            return Fashion.Subset([.. Enumerable.Range(0, labels.Length).Where(i => labels[i] < count)]);
        }

        public Dataset Generated(string name, int count) => Unlabelled(name, OutlierSource.OpenForTraining(name).Load(new OutlierRequest { Shape = Train.InputShape, Count = count, Seed = 1 }).to(Train.Device));

        public Dataset Noisy()
        {
            using var scope = torch.NewDisposeScope();
            using var generator = new torch.Generator(1);
            Tensor images = Train.First(AblationSamples).Inputs;
            return Unlabelled("noisy digits", (images + (0.5 * torch.randn(images.shape, generator: generator).to(images.device))).clamp(0, 1));
        }

        public void Dispose()
        {
            foreach (Tensor set in _sets.Values)
                set.Dispose();
            _mnist.Dispose();
            _fashion.Dispose();
        }

        private static Dataset Unlabelled(string name, Tensor inputs) => new(name, inputs.clone(), torch.zeros(inputs.shape[0], dtype: torch.int64, device: inputs.device), ["outlier"]);
    }
}
