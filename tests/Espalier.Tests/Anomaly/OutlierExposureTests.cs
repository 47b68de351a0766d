using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Evaluation;
using Espalier.Anomaly.Exposure;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Mlp;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using static TorchSharp.torch;

namespace Espalier.Tests.Anomaly;

public sealed class OutlierExposureTests
{
    private const int Classes = 4;

    [Fact]
    public void Equal_logits_lose_log_K_and_nothing_loses_less()
    {
        using var scope = NewDisposeScope();
        Tensor equal = ones(3, Classes, dtype: float64) * 7;
        Tensor random = randn([200, Classes], dtype: float64, generator: new Generator(1));

        Assert.All(Numbers(OutlierLosses.UniformCrossEntropy(equal)), v => Assert.Equal(Math.Log(Classes), v, 12));
        Assert.All(Numbers(OutlierLosses.UniformCrossEntropy(random)), v => Assert.True(v > Math.Log(Classes)));
    }

    [Fact]
    public void The_loss_is_the_mean_of_minus_log_p()
    {
        using var scope = NewDisposeScope();
        Tensor logits = randn([20, Classes], dtype: float64, generator: new Generator(2)) * 30;

        double[] expected = Numbers(-nn.functional.log_softmax(logits, 1).mean([1L]));

        Assert.Equal(expected, Numbers(OutlierLosses.UniformCrossEntropy(logits)), new Tolerance(1e-10));
    }

    [Fact]
    public void Its_gradient_is_p_minus_one_over_K()
    {
        using var scope = NewDisposeScope();
        Tensor logits = randn([5, Classes], dtype: float64, generator: new Generator(3)).requires_grad_(true);

        Tensor gradient = autograd.grad([OutlierLosses.UniformCrossEntropy(logits).sum()], [logits])[0];

        Assert.Equal(Numbers(logits.detach().softmax(1) - (1.0 / Classes)), Numbers(gradient), new Tolerance(1e-12));
    }

    [Fact]
    public void An_even_prior_is_the_uniform_one_and_the_prior_itself_costs_least()
    {
        using var scope = NewDisposeScope();
        Tensor prior = tensor(new[] { 0.1, 0.2, 0.3, 0.4 });
        Tensor logits = randn([50, Classes], dtype: float64, generator: new Generator(4));
        double entropy = -new[] { 0.1, 0.2, 0.3, 0.4 }.Sum(p => p * Math.Log(p));

        Assert.Equal(Numbers(OutlierLosses.UniformCrossEntropy(logits)), Numbers(OutlierLosses.PriorCrossEntropy(logits, ones(Classes, dtype: float64) / Classes)), new Tolerance(1e-12));
        Assert.Equal(entropy, OutlierLosses.PriorCrossEntropy(prior.log().unsqueeze(0), prior).item<double>(), 12);
        Assert.All(Numbers(OutlierLosses.PriorCrossEntropy(logits, prior)), v => Assert.True(v > entropy));
    }

    [Fact]
    public void Energies_beyond_their_margins_cost_nothing()
    {
        using var scope = NewDisposeScope();
        Tensor logits = tensor(new double[,] { { 10, 0, 0, 0 }, { 1, 0, 0, 0 } });
        double[] energy = Numbers(-logits.logsumexp(1));

        Assert.Equal([0, Math.Pow(energy[1] + 5, 2)], Numbers(OutlierLosses.EnergyBelow(logits, -5)), new Tolerance(1e-12));
        Assert.Equal([Math.Pow(-5 - energy[0], 2), 0], Numbers(OutlierLosses.EnergyAbove(logits, -5)), new Tolerance(1e-12));
    }

    [Theory]
    [InlineData(OutlierLoss.UniformCrossEntropy)]
    [InlineData(OutlierLoss.ClassPrior)]
    [InlineData(OutlierLoss.Energy)]
    [InlineData(OutlierLoss.Multilabel)]
    public void A_step_is_the_formula(OutlierLoss kind)
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(40, 1), outliers = Rows(25, 2);
        using var model = Model();
        var options = new OutlierExposureOptions { Loss = kind, Weight = 0.7, OutliersPerSample = 3, InlierEnergy = kind == OutlierLoss.Energy ? -2 : null, OutlierEnergy = kind == OutlierLoss.Energy ? -1.5 : null };
        var objective = new OutlierExposure(model, train, outliers, options, seed: 5);
        ExposedBatch batch = objective.ForTraining(train).Gather([.. Enumerable.Range(0, 8)], 0);

        double loss = objective.Step(batch, default).Sum.item<float>();

        Tensor inside = model.call(batch.Inputs).detach(), outside = model.call(batch.Outliers!).detach();
        Assert.Equal(24, outside.shape[0]);
        Tensor own = nn.functional.cross_entropy(inside, batch.Labels!, reduction: nn.Reduction.Sum);
        double expected = kind switch
        {
            OutlierLoss.UniformCrossEntropy => (own + (0.7 * 8 * -nn.functional.log_softmax(outside, 1).mean())).item<float>(),
            OutlierLoss.ClassPrior => (own + (0.7 * 8 * -(nn.functional.log_softmax(outside, 1) / Classes).sum([1L]).mean())).item<float>(),
            OutlierLoss.Energy => (own + (0.7 * nn.functional.relu(-inside.logsumexp(1) + 2).square().sum()) + (0.7 * 8 * nn.functional.relu(-1.5 + outside.logsumexp(1)).square().mean())).item<float>(),
            _ => (nn.functional.binary_cross_entropy_with_logits(inside, nn.functional.one_hot(batch.Labels!, Classes).to(float32), reduction: nn.Reduction.Sum)
                + (0.7 * 8 * nn.functional.binary_cross_entropy_with_logits(outside, zeros_like(outside), reduction: nn.Reduction.Sum) / 24)).item<float>(),
        };
        Assert.Equal(expected, loss, 4);
    }

    [Fact]
    public void Half_of_the_outliers_are_those_that_lose_most()
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(40, 1), outliers = Rows(25, 2);
        using var model = Model();
        var objective = new OutlierExposure(model, train, outliers, new() { Weight = 1, HardShare = 0.5, OutliersPerSample = 1 });
        ExposedBatch batch = objective.ForTraining(train).Gather([.. Enumerable.Range(0, 9)], 0);

        double loss = objective.Step(batch, default).Sum.item<float>();

        double own = nn.functional.cross_entropy(model.call(batch.Inputs).detach(), batch.Labels!, reduction: nn.Reduction.Sum).item<float>();
        double[] losses = [.. Numbers(OutlierLosses.UniformCrossEntropy(model.call(batch.Outliers!).detach().to(float64))).OrderDescending()];
        Assert.Equal(own + (9 * losses.Take(5).Average()), loss, 4);
        Assert.True(objective.CouplesSamples);
    }

    [Fact]
    public void Batch_norm_sees_samples_and_outliers_together()
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(40, 1), outliers = Rows(25, 2);
        using var norm = nn.BatchNorm1d(6, momentum: 1);
        using var model = nn.Sequential(("norm", norm), ("linear", nn.Linear(6, Classes)));
        var objective = new OutlierExposure(model, train, outliers);
        ExposedBatch batch = objective.ForTraining(train).Gather([.. Enumerable.Range(0, 8)], 0);

        objective.Step(batch, default);

        Tensor all = cat([batch.Inputs, batch.Outliers!]);
        Assert.Equal(Numbers(all.mean([0L]).to(float64)), Numbers(norm.running_mean!.to(float64)), new Tolerance(1e-5));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(3)]
    public void Micro_batches_change_nothing(int? micro)
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(40, 1), outliers = Rows(25, 2);

        float[] Trained(int? size)
        {
            using var model = new MlpClassifier(new() { Inputs = 6, Classes = Classes, HiddenSizes = [8], Dropout = 0.3 }, seed: 1);
            var options = new TrainerOptions { Length = Duration.Steps(6), BatchSize = 12, MicroBatchSize = size, Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.1 } };
            var objective = new OutlierExposure(model, train, outliers, seed: 3);
            using TrainingResult result = new Trainer(options).Fit(objective, objective.ForTraining(train));
            return [.. model.parameters().SelectMany(p => p.detach().data<float>().ToArray())];
        }

        Assert.Equal(Trained(null), Trained(micro), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void An_epoch_reads_the_outliers_on_from_a_new_place()
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(5, 1), outliers = Rows(7, 2);
        using var model = Model();
        var objective = new OutlierExposure(model, train, outliers, new() { OutliersPerSample = 2 }, seed: 4);

        float[] First(long position) => objective.ForTraining(train).Gather([0, 1, 2, 3, 4], position).Outliers!.select(1, 0).data<float>().ToArray();

        float[] all = outliers.All().Inputs.select(1, 0).data<float>().ToArray();
        float[] one = First(0), two = First(5);
        Assert.Equal(all.Order(), one[..7].Order());
        Assert.Equal(one[..3], one[7..]);
        Assert.Equal(all.Order(), two[..7].Order());
        Assert.Equal(First(0), one);
        Assert.Contains(Enumerable.Range(1, 9), epoch => !First(5 * epoch).SequenceEqual(one));
    }

    [Fact]
    public void A_model_that_was_exposed_tells_outliers_better()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(6);
        // Four clusters on the axes; outliers between them.
        Tensor labels = arange(400, dtype: int64) % Classes;
        Tensor centres = 3 * eye(Classes, 6);
        using var train = new Dataset("clusters", centres.index_select(0, labels) + (0.5 * randn([400, 6], generator: generator)), labels.clone(), ["a", "b", "c", "d"], InputBounds.Unbounded);
        using var outliers = new Dataset("between", 1 + randn([400, 6], generator: generator), zeros(400, dtype: int64), ["outlier"], InputBounds.Unbounded);
        using var fresh = new Dataset("other", 1 + randn([400, 6], generator: generator), zeros(400, dtype: int64), ["outlier"], InputBounds.Unbounded);

        double Auroc(bool exposed)
        {
            using var model = new MlpClassifier(new() { Inputs = 6, Classes = Classes, HiddenSizes = [32] }, seed: 1);
            var trainer = new Trainer(new() { Length = Duration.Epochs(20), BatchSize = 40, Optimizer = new() { LearningRate = 0.01 } });
            var exposure = new OutlierExposure(model, train, outliers);
            (exposed ? trainer.Fit(exposure, exposure.ForTraining(train)) : trainer.Fit(new ClassificationObjective(model), train)).Dispose();

            using var classifier = new TorchClassifier(model, [6], Classes, InputBounds.Unbounded);
            using var detector = Detector.Create("msp", classifier);
            return DetectionMetrics.Of(Numbers(detector.Score(train.All().Inputs)), Numbers(detector.Score(fresh.All().Inputs))).Auroc;
        }

        (double before, double after) = (Auroc(false), Auroc(true));
        Assert.True(after > before + 0.02, $"{before:0.000} to {after:0.000}");
    }

    [Fact]
    public void Energies_that_are_not_given_come_from_the_model()
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(40, 1), outliers = Rows(25, 2);
        using var model = Model();
        // Surer of every training sample than of any outlier.
        using (no_grad())
        {
            foreach (var p in model.parameters())
                p.mul_(5);
        }

        var objective = new OutlierExposure(model, train, outliers, new() { Loss = OutlierLoss.Energy });
        double inside = (-model.call(train.All().Inputs).logsumexp(1)).median().item<float>();
        double outside = (-model.call(outliers.All().Inputs).logsumexp(1)).median().item<float>();
        bool told = inside < 2.0 / 3 * outside;

        void Begin() => new Trainer(new() { Length = Duration.Steps(1), BatchSize = 4 }).Fit(objective, objective.ForTraining(train)).Dispose();

        if (!told)
        {
            Assert.Throws<OptionsException>(Begin);
            return;
        }

        Begin();
        Assert.Equal(inside, objective.InlierEnergy, 4);
        Assert.Equal(2.0 / 3 * outside, objective.OutlierEnergy, 4);
    }

    [Fact]
    public void A_reject_class_is_cross_entropy_over_one_class_more()
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(40, 1), outliers = Rows(25, 2);
        using var model = new ExtraOutput(new MlpClassifier(new() { Inputs = 6, Classes = Classes + 1, HiddenSizes = [5] }, seed: 1), Classes);
        var objective = new OutlierExposure(model, train, outliers, new() { Loss = OutlierLoss.RejectClass, Weight = 1, OutliersPerSample = 1 });
        ExposedBatch batch = objective.ForTraining(train).Gather([.. Enumerable.Range(0, 8)], 0);

        double loss = objective.Step(batch, default).Sum.item<float>();

        Tensor labels = cat([batch.Labels!, full(8, Classes, dtype: int64)]);
        Assert.Equal(nn.functional.cross_entropy(model.All(cat([batch.Inputs, batch.Outliers!])).detach(), labels, reduction: nn.Reduction.Sum).item<float>(), loss, 4);
        Assert.Equal([2L, Classes], model.call(batch.Inputs.narrow(0, 0, 2)).shape);
        Assert.Equal(Numbers(model.All(batch.Inputs).detach().to(float64).softmax(1).select(1, Classes)), Numbers(new ExtraOutputDetector(model, isConfidence: false).Score(batch.Inputs)), new Tolerance(1e-6));
        using var plain = Model();
        Assert.Throws<OptionsException>(() => new OutlierExposure(plain, train, outliers, new() { Loss = OutlierLoss.RejectClass }));
        Assert.Throws<OptionsException>(() => new OutlierExposure(model, train, outliers));
    }

    [Fact]
    public void A_confidence_pays_for_hints_and_its_price_follows_the_budget()
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(40, 1), outliers = Rows(25, 2);
        using var model = new ExtraOutput(new MlpClassifier(new() { Inputs = 6, Classes = Classes + 1, HiddenSizes = [5] }, seed: 1), Classes);
        // Every sample may ask.
        using var objective = new ConfidenceBranch(model, train, outliers, new() { HintShare = 1 }, weight: 0.5, outliersPerSample: 1);
        ExposedBatch batch = objective.ForTraining(train).Gather([.. Enumerable.Range(0, 8)], 0);

        double loss = objective.Step(batch, default).Sum.item<float>();

        Tensor own = model.All(batch.Inputs).detach().to(float64), foreign = model.All(batch.Outliers!).detach().to(float64);
        double[] p = Numbers(own.narrow(1, 0, Classes).softmax(1).gather(1, batch.Labels!.unsqueeze(1))), b = Numbers(own.select(1, Classes).sigmoid()), u = Numbers(foreign.select(1, Classes).sigmoid());
        double expected = p.Zip(b).Sum(v => -Math.Log((v.Second * v.First) + 1 - v.Second)) - (0.1 * b.Sum(Math.Log)) - (0.5 * 8 * u.Average(v => Math.Log(1 - v)));
        Assert.Equal(expected, loss, 3);

        double before = model.ConfidenceWeight;
        objective.AfterOptimizerStep(default);
        Assert.Equal(-b.Average(Math.Log) < 0.3 ? before / 1.01 : before / 0.99, model.ConfidenceWeight, 6);
        Assert.Equal([.. b.Select(v => 1 - v)], Numbers(new ExtraOutputDetector(model, isConfidence: true).Score(batch.Inputs)), new Tolerance(1e-6));
    }

    [Fact]
    public void A_language_model_is_exposed_by_the_formula()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var model = new CausalLanguageModel(new GruEncoder(new() { Vocabulary = 7, MaxLength = 5, EmbeddingSize = 6, HiddenSize = 6 }, seed: 1));
        using var train = new Dataset("own", randint(7, [10, 6], dtype: int64, generator: generator), zeros(10, dtype: int64), ["text"]);
        using var outliers = new Dataset("foreign", randint(7, [9, 6], dtype: int64, generator: generator), zeros(9, dtype: int64), ["text"]);
        var objective = new LanguageExposure(model, train, outliers);
        ExposedBatch batch = objective.ForTraining(train).Gather([0, 1, 2], 0);

        LossSum loss = objective.Step(batch, default);

        Tensor own = nn.functional.log_softmax(model.call(batch.Inputs.narrow(1, 0, 5)).detach(), 2);
        double next = -own.gather(2, batch.Inputs.narrow(1, 1, 5).unsqueeze(2)).sum().item<float>();
        Tensor foreign = nn.functional.log_softmax(model.call(batch.Outliers!.narrow(1, 0, 5)).detach(), 2);
        Assert.Equal(next + (0.5 * 15 * -foreign.mean().item<float>()), loss.Sum.item<float>(), 3);
        Assert.Equal(15, loss.Weight);
        Assert.Equal(Numbers(foreign.mean([1L, 2L])), Numbers(new LanguageDetector(model).Score(batch.Outliers!)), new Tolerance(1e-5));
        Assert.Equal(next / 15 / Math.Log(2), new LanguageDetector(model, LanguageScore.BitsPerToken).Score(batch.Inputs).mean().item<double>(), 5);
    }

    [Fact]
    public void A_report_tells_what_speaks_against_a_set()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        Tensor own = rand([100, 6], generator: generator);
        using var train = new Dataset("own", own.clone(), arange(100, dtype: int64) % 2, ["a", "b"]);
        using var good = new Dataset("good", rand([100, 6], generator: generator), arange(100, dtype: int64) % 5, ["a", "b", "c", "d", "e"]);
        using var bad = new Dataset("bad", cat([own.narrow(0, 0, 10), ones(90, 6) * linspace(0, 1, 45).repeat(2).unsqueeze(1)]), zeros(100, dtype: int64), ["a"]);

        OutlierSetReport clean = OutlierSetReport.Of(good, train);
        OutlierSetReport poor = OutlierSetReport.Of(bad, train, new FirstColumn());

        Assert.Empty(clean.Warnings);
        Assert.Equal((100, 100, 0, 5), (clean.Count, clean.Distinct, clean.InTraining, clean.Classes));
        Assert.InRange(clean.Directions, 5, 6);
        Assert.Equal((10, 55), (poor.InTraining, poor.Distinct));
        Assert.InRange(poor.Directions, 1, 1.5);
        Assert.Contains(poor.Warnings, w => w.StartsWith("overlapping", StringComparison.Ordinal));
        Assert.Contains(poor.Warnings, w => w.StartsWith("repetitive", StringComparison.Ordinal));
        Assert.Contains(poor.Warnings, w => w.StartsWith("not diverse", StringComparison.Ordinal));
        using var far = new Dataset("far", rand([50, 6], generator: generator) + 2, zeros(50, dtype: int64), ["a"], InputBounds.Unbounded);
        Assert.Contains(OutlierSetReport.Of(far, train, new FirstColumn()).Warnings, w => w.StartsWith("too easy", StringComparison.Ordinal));
    }

    [Fact]
    public void Outliers_in_another_form_are_refused()
    {
        using var scope = NewDisposeScope();
        using Dataset train = Rows(10, 1);
        using var narrow = new Dataset("narrow", rand([5, 3]), zeros(5, dtype: int64), ["outlier"]);
        using var model = Model();

        Assert.Throws<ShapeException>(() => new OutlierExposure(model, train, narrow));
        Assert.Throws<OptionsException>(() => new OutlierExposure(model, train, train, new() { Weight = -1 }));
        Assert.Throws<OptionsException>(() => new OutlierExposure(model, train, train, new() { HardShare = 0 }));
        Assert.Throws<OptionsException>(() => new OutlierExposure(model, train, train, new() { OutliersPerSample = 0 }));
        Assert.Throws<OptionsException>(() => new OutlierExposure(model, train, train, new() { InlierEnergy = -3 }));
    }

    private static MlpClassifier Model() => new(new() { Inputs = 6, Classes = Classes, HiddenSizes = [5] }, seed: 1);

    private static Dataset Rows(int count, ulong seed)
    {
        using var generator = new Generator(seed);
        return new Dataset("rows", rand([count, 6], generator: generator), arange(count, dtype: int64) % Classes, ["a", "b", "c", "d"]);
    }

    private static double[] Numbers(Tensor values) => values.to(float64).contiguous().data<double>().ToArray();

    private sealed class FirstColumn : IAnomalyDetector
    {
        public string Name => "first column";

        public Tensor Score(Tensor inputs) => inputs.select(1, 0).to(float64);
    }

    private sealed class Tolerance(double within) : IEqualityComparer<double>
    {
        public bool Equals(double a, double b) => Math.Abs(a - b) <= within;

        public int GetHashCode(double value) => 0;
    }
}
