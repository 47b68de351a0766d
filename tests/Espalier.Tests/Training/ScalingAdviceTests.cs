using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Errors;
using Espalier.Training.Diagnostics;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;

namespace Espalier.Tests.Training;

/// <summary>Warnings against their thresholds, and what is measured for them against known curvature and noise.</summary>
public sealed class ScalingAdviceTests
{
    private static TrainerOptions Sgd(double momentum = 0) => new()
    {
        BatchSize = 16,
        Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.02, Momentum = momentum },
        Ema = new() { Momentum = 0.999 },
    };

    private static IEnumerable<string> Names(TrainerOptions options, int batch, ScalingEstimate? estimate = null, long samples = 100_000) =>
        ScalingAdvice.For(options, batch, samples, estimate).Select(w => w.Name);

    [Theory]
    [InlineData(OptimizerKind.Sgd)]
    [InlineData(OptimizerKind.AdamW)]
    public void A_moderate_change_gives_no_warning(OptimizerKind kind) =>
        Assert.Empty(Names(Sgd() with { Optimizer = new() { Kind = kind } }, 128, new(1000, 400, 4, 0.01, 1.0, null)));

    [Theory]
    [InlineData(692, false)]
    [InlineData(694, true)]
    public void The_half_life_must_cover_a_step(int kappa, bool warns)
    {
        // 0.999^693 = 0.49990: the half-life is 692.8 steps.
        Assert.Equal(warns, Names(Sgd(), 16 * kappa).Contains("emaHalfLife"));
        Assert.DoesNotContain("emaHalfLife", Names(Sgd() with { Scaling = new() { Ema = EmaScaling.None } }, 16 * kappa));
    }

    [Theory]
    [InlineData(512, 512, false)]
    [InlineData(513, 512, true)]
    [InlineData(513, double.PositiveInfinity, false)]
    [InlineData(513, double.NaN, false)]
    public void The_batch_must_stay_below_the_noise_scale(int batch, double noise, bool warns) =>
        Assert.Equal(warns, Names(Sgd(), batch, new(1000, noise, 1, 1, null, null)).Contains("noiseScale"));

    [Theory]
    [InlineData(0, 4, 24.9, false)]
    [InlineData(0, 4, 25.1, true)]
    [InlineData(0.9, 1, 189, false)]
    [InlineData(0.9, 1, 191, true)]
    public void The_rate_must_stay_within_stability(double momentum, int kappa, double curvature, bool warns) =>
        // 4 * 0.02 * 25 = 2; with momentum 0.9 at the base batch 0.02 * 190 = 2 * 1.9.
        Assert.Equal(warns, Names(Sgd(momentum), 16 * kappa, new(1000, 1e9, 1, 1, curvature, null)).Contains("stability"));

    [Theory]
    [InlineData(OptimizerKind.Lars, "lars")]
    [InlineData(OptimizerKind.Lamb, "lamb")]
    public void Normalized_gradients_are_covered_by_no_proof(OptimizerKind kind, string name)
    {
        TrainerOptions options = Sgd() with { Optimizer = new() { Kind = kind } };
        Assert.Contains(name, Names(options, 32));
        Assert.DoesNotContain(name, Names(options, 16));
    }

    [Fact]
    public void Clipping_sign_like_steps_and_batches_beyond_the_data_are_named()
    {
        Assert.Contains("clipping", Names(Sgd() with { ClipNorm = 1 }, 32));
        Assert.Contains("batchSize", Names(Sgd(), 64, samples: 63));
        TrainerOptions adam = Sgd() with { Optimizer = new() { Kind = OptimizerKind.Adam, Beta2 = 0.9 } };
        Assert.DoesNotContain("signLike", Names(adam, 16 * 6));
        Assert.Contains("signLike", Names(adam, 16 * 7));
    }

    [Fact]
    public void A_linear_beta_beyond_its_range_names_the_largest_legal_kappa()
    {
        TrainerOptions options = Sgd() with { Optimizer = new() { Kind = OptimizerKind.Adam }, Scaling = new() { Betas = BetaScaling.Linear } };
        OptionsException error = Assert.Throws<OptionsException>(() => ScalingAdvice.For(options, 16 * 11, 100_000));
        Assert.Contains("largest legal kappa is 10", error.Message);
    }

    [Fact]
    public void What_is_kept_counts_samples_and_the_steps_follow_the_batch()
    {
        TrainerOptions options = Sgd() with { Length = Duration.Epochs(2), Schedule = new() { Warmup = Duration.Steps(10) } };
        Dictionary<string, ScaledValue> kept = ScalingAdvice.Kept(options, 128, 1000).ToDictionary(k => k.Name);
        Assert.Equal((2000, 2000), (kept["length (samples)"].Base, kept["length (samples)"].Scaled));
        Assert.Equal((160, 160), (kept["schedule.warmup (samples)"].Base, kept["schedule.warmup (samples)"].Scaled));
        Assert.Equal((125, 16), (kept["steps"].Base, kept["steps"].Scaled));
        Assert.Equal(16 * Math.Log(0.5) / Math.Log(0.999), kept["ema half-life (samples)"].Scaled, 1e-9);
    }

    [Theory]
    [InlineData(new[] { 3.0, 1.0, 0.5, -2.0 }, 3.0, torch.ScalarType.Float64, 1e-3)]
    [InlineData(new[] { 3.0, 1.0, 0.5, -2.0 }, 3.0, torch.ScalarType.Float32, 5e-3)]
    [InlineData(new[] { 1.0, 0.5, -4.0, 0.2 }, 1.0, torch.ScalarType.Float64, 1e-2)]
    [InlineData(new[] { -1.0, -3.0 }, -1.0, torch.ScalarType.Float64, 1e-2)]
    public void The_largest_curvature_of_a_quadratic_is_its_largest_eigenvalue(double[] eigenvalues, double expected, torch.ScalarType type, double tolerance)
    {
        // H = Q diag(λ) Qᵀ with a rotation Q, so that no eigenvector lies on an axis.
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(7);
        int n = eigenvalues.Length;
        (Tensor q, _) = torch.linalg.qr(torch.randn([n, n], dtype: torch.float64, generator: generator));
        Tensor hessian = q.matmul(torch.diag(torch.tensor(eigenvalues))).matmul(q.t()).to(type);
        using var model = torch.nn.Linear(n, 1, hasBias: false, dtype: type);
        using var flat = new FlatParameters(model);
        using Tensor before = flat.Values.clone();
        double found = LargestCurvature.Of(flat, () =>
        {
            using var noGradients = torch.no_grad();
            flat.Gradients.copy_(hessian.matmul(flat.Values));
        });
        Assert.Equal(expected, found, tolerance);
        Assert.True(before.equal(flat.Values).all().item<bool>());
    }

    [Fact]
    public void The_largest_curvature_refuses_what_it_cannot_be_measured_on()
    {
        using var model = torch.nn.Linear(2, 1);
        using var flat = new FlatParameters(model);
        var objective = new SquaredError(model);
        Assert.Throws<ArgumentNullException>(() => LargestCurvature.Of(null!, () => { }));
        Assert.Throws<ArgumentNullException>(() => LargestCurvature.Of(flat, null!));
        Assert.Throws<OptionsException>(() => LargestCurvature.Of(flat, () => { }, tolerance: 0));
        Assert.Throws<ArgumentNullException>(() => LargestCurvature.Of<LabelledBatch>(null!, flat, [], default));
        Assert.Throws<ArgumentNullException>(() => LargestCurvature.Of(objective, flat, null!, default));
        Assert.Contains("at least one batch", Assert.Throws<DataException>(() => LargestCurvature.Of(objective, flat, [], default)).Message, StringComparison.Ordinal);
    }

    /// <summary>A linear model under squared loss: the Hessian is the mean of xxᵀ, whatever the weights.</summary>
    [Fact]
    public void The_estimate_finds_curvature_and_noise_of_a_linear_regression()
    {
        using Dataset data = InvariantModel.Data(16_000, torch.float64);
        using var scope = torch.NewDisposeScope();
        Tensor x = Stretched(data.All());
        Tensor seen = Stretched(data.Gather(new SampleStream(16_000, 1).Take(0, 512), 0));
        double largest = torch.linalg.eigvalsh(seen.t().matmul(seen) / 512).max().ToDouble();
        ScalingEstimate estimate = ScalingEstimate.Measure(Sgd() with { Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 1e-9, Momentum = 0, WeightDecay = 0 } }, Regression, data);
        Assert.Equal(largest, estimate.LargestCurvature!.Value, 0.03 * largest);

        // From 1,000 steps. At weights that do not move, g_i = x_i (x_i·w - y_i): tr Σ and |G|² over the data.
        using OwnedObjective<LabelledBatch> owned = Regression();
        Tensor w = owned.Objective.Model.parameters().First().detach().reshape(-1);
        Tensor gradients = x * (x.matmul(w) - data.Labels.to(torch.float64)).unsqueeze(1);
        double trace = gradients.var(0, unbiased: true).sum().ToDouble();
        double signal = gradients.mean([0L]).pow(2).sum().ToDouble();
        Assert.Equal(1, estimate.NoiseTrace / trace, 0.1);
        Assert.Equal(1, estimate.SignalSquared / signal, 0.1);
        Assert.Equal(16_000, estimate.Samples);

        static OwnedObjective<LabelledBatch> Regression()
        {
            torch.manual_seed(4);
            var model = torch.nn.Linear(6, 1, hasBias: false, dtype: torch.float64);
            return new OwnedObjective<LabelledBatch>(new SquaredError(model), model);
        }
    }

    // Features of unequal size: the power iteration is as fast as the eigenvalues are apart.
    private static Tensor Stretched(LabelledBatch batch) => batch.Inputs * torch.tensor(new[] { 2.0, 1, 1, 1, 0.5, 0.5 });

    private sealed class SquaredError(torch.nn.Module<Tensor, Tensor> model) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override LossSum Step(LabelledBatch batch, TrainingState state) =>
            new((model.call(Stretched(batch)).squeeze(1) - batch.Labels.to(torch.float64)).pow(2).sum() / 2, batch.Count);
    }
}
