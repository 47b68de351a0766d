using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Attacks.MinimumNorm;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness.MinimumNorm;

public sealed class MinimumNormAttackTests
{
    private const int Count = 40;
    private const int Features = 10;
    private static readonly InputBounds Far = InputBounds.Uniform(-6, 6);

    public static TheoryData<string, Norm, double> Attacks => new()
    {
        { "fab", Norm.LInf, 0.01 },
        { "fab", Norm.L2, 0.01 },
        { "fab", Norm.L1, 0.01 },
        { "fab untargeted", Norm.LInf, 0.01 },
        { "fab untargeted", Norm.L2, 0.01 },
        { "fab untargeted", Norm.L1, 0.01 },
        { "deepfool", Norm.LInf, 0.01 },
        { "deepfool", Norm.L2, 0.01 },
        { "ddn", Norm.L2, 0.03 },
        { "fmn", Norm.LInf, 0.03 },
        { "fmn", Norm.L2, 0.03 },
        { "fmn", Norm.L1, 0.03 },
        { "cw", Norm.L2, 0.03 },
    };

    private static Attack Create(string name, Norm norm, double epsilon = double.PositiveInfinity, bool stops = false, double[]? scales = null, int batchSize = 256) => name switch
    {
        "fab" => new FastAdaptiveBoundary(new() { Norm = norm, Epsilon = epsilon, StopWhenFooled = stops, FeatureScales = scales, BatchSize = batchSize, Steps = 20 }),
        "fab untargeted" => new FastAdaptiveBoundary(new() { Norm = norm, Epsilon = epsilon, StopWhenFooled = stops, FeatureScales = scales, BatchSize = batchSize, Steps = 20, Targets = 0 }),
        "deepfool" => new DeepFool(new() { Norm = norm, Epsilon = epsilon, StopWhenFooled = stops, FeatureScales = scales, BatchSize = batchSize }),
        "ddn" => new DecoupledDirectionNorm(new() { Norm = norm, Epsilon = epsilon, StopWhenFooled = stops, FeatureScales = scales, BatchSize = batchSize }),
        "fmn" => new FastMinimumNorm(new() { Norm = norm, Epsilon = epsilon, StopWhenFooled = stops, FeatureScales = scales, BatchSize = batchSize }),
        "cw" => new CarliniWagner(new() { Norm = norm, Epsilon = epsilon, StopWhenFooled = stops, FeatureScales = scales, BatchSize = batchSize, Steps = 150, LearningRate = 2e-3, SearchSteps = 6, InitialTradeoff = 0.1 }),
        "ead" => new ElasticNet(new() { Norm = norm, Epsilon = epsilon, StopWhenFooled = stops, FeatureScales = scales, BatchSize = batchSize, Steps = 100 }),
        _ => throw new ArgumentException(name),
    };

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static double[] Values(Tensor t) => t.to(torch.float64).flatten().data<double>().ToArray();

    private static double Dual(Norm norm, Tensor w) => norm switch
    {
        Norm.LInf => w.abs().sum().ToDouble(),
        Norm.L2 => w.norm().ToDouble(),
        _ => w.abs().max().ToDouble(),
    };

    /// <summary>Inputs, labels and margins of a linear model with two classes, logits (0, w·x + 0.3); from 0.3 to 1.5 far in L2.</summary>
    private static (LinearClassifier Model, Tensor X, Tensor Labels, Tensor W, double[] Margins) Line()
    {
        Tensor w = Random(1, Features);
        Tensor x = Random(2, Count, Features);
        Tensor distances = torch.linspace(0.3, 1.5, Count) * Random(6, Count).sign();
        x += ((distances * w.norm() - x.matmul(w) - 0.3) / w.pow(2).sum()).unsqueeze(1) * w;
        double[] margins = Values(x.matmul(w) + 0.3);
        return (LinearClassifier.Binary(w, 0.3, Far), x, torch.tensor(margins.Select(m => m > 0 ? 1L : 0L).ToArray()), w, margins);
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void On_a_linear_model_the_distance_is_the_closed_form(string name, Norm norm, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, Tensor w, double[] margins) = Line();
        using AttackResult result = Create(name, norm).Run(model, x, labels);
        Assert.All(result.Success, Assert.True);
        Assert.True(model.Predict(result.Adversarials).ne(labels).all().item<bool>());
        for (int i = 0; i < Count; i++)
        {
            double least = Math.Abs(margins[i]) / Dual(norm, w);
            Assert.InRange(result.PerturbationNorms[i], least - 1e-5, (least * (1 + tolerance)) + 2e-4);
        }
    }

    [Theory]
    [InlineData("fab", Norm.LInf, 0.01)]
    [InlineData("fab", Norm.L2, 0.01)]
    [InlineData("fab untargeted", Norm.L1, 0.01)]
    [InlineData("fmn", Norm.L2, 0.05)]
    public void In_a_box_the_distance_is_the_smallest_too(string name, Norm norm, double tolerance)
    {
        // The exact projection onto the one boundary, within the box, is the answer.
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        Tensor x = Random(2, Count, Features).sigmoid();
        double b = -x.mean([0]).matmul(w).ToDouble() + 0.05;
        var model = LinearClassifier.Binary(w, b, InputBounds.Unit);
        Tensor margins = x.matmul(w) + b;
        Tensor labels = margins.gt(0).to(torch.int64);
        double[] least = Values(Perturbations.Size(norm, HyperplaneProjection.Displacement(norm, w.expand(Count, Features), margins, x, 1 - x)));
        double[] room = Values(torch.where(margins.unsqueeze(1).mul(w).gt(0), x, 1 - x).mul(w.abs()).sum([1]) - margins.abs());
        using AttackResult result = Create(name, norm).Run(model, x, labels);
        for (int i = 0; i < Count; i++)
        {
            if (Math.Abs(room[i]) <= 0.05)
                continue;
            Assert.Equal(room[i] > 0, result.Success[i]);
            if (room[i] > 0)
                Assert.InRange(result.PerturbationNorms[i], least[i] - 1e-5, (least[i] * (1 + tolerance)) + 2e-4);
        }

        Assert.InRange(result.Adversarials.min().ToDouble(), 0, 1);
        Assert.InRange(result.Adversarials.max().ToDouble(), 0, 1);
    }

    [Theory]
    [InlineData("fab", Norm.L2)]
    [InlineData("fab untargeted", Norm.LInf)]
    [InlineData("deepfool", Norm.L2)]
    [InlineData("deepfool", Norm.LInf)]
    public void Of_several_boundaries_the_nearest_is_found(string name, Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor w, Tensor b) = (Random(3, 5, Features), Random(4, 5));
        var model = new LinearClassifier(w, b, Far);
        Tensor x = Random(5, Count, Features);
        Tensor labels = model.Predict(x);
        double[][] logits = [.. Values(model.Logits(x)).Chunk(5)];
        long[] y = labels.data<long>().ToArray();
        using AttackResult result = Create(name, norm).Run(model, x, labels);
        for (int i = 0; i < Count; i++)
        {
            double least = Enumerable.Range(0, 5).Where(k => k != y[i]).Min(k => (logits[i][y[i]] - logits[i][k]) / Dual(norm, w[k] - w[y[i]]));
            Assert.InRange(result.PerturbationNorms[i], least - 1e-5, (least * 1.01) + 2e-4);
        }
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Success_is_what_lies_within_epsilon(string name, Norm norm, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, Tensor w, double[] margins) = Line();
        double[] least = [.. margins.Select(m => Math.Abs(m) / Dual(norm, w))];
        double epsilon = least.Order().ElementAt(Count / 2) * 1.001;
        foreach (bool stops in new[] { false, true })
        {
            using AttackResult result = Create(name, norm, epsilon, stops).Run(model, x, labels);
            for (int i = 0; i < Count; i++)
            {
                if (Math.Abs(least[i] / epsilon - 1) > tolerance + 1e-3)
                    Assert.Equal(least[i] < epsilon, result.Success[i]);
            }

            Assert.All(result.PerturbationNorms, size => Assert.InRange(size, 0, epsilon * (1 + 1e-6)));
        }
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Scales_stretch_the_norm_and_masked_features_stay(string name, Norm norm, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, Tensor w, double[] margins) = Line();
        double[] scales = [1, 2, 0, 0.5, 1, 0, 1, 3, 1, 1];
        double dual = Dual(norm, w * torch.tensor(scales, dtype: torch.float32));
        using AttackResult result = Create(name, norm, scales: scales).Run(model, x, labels);
        Assert.True(result.Adversarials.select(1, 2).eq(x.select(1, 2)).all().item<bool>());
        Assert.True(result.Adversarials.select(1, 5).eq(x.select(1, 5)).all().item<bool>());
        for (int i = 0; i < Count; i++)
        {
            double least = Math.Abs(margins[i]) / dual;
            Assert.InRange(result.PerturbationNorms[i], least - 1e-5, (least * (1 + tolerance)) + 5e-4);
        }
    }

    [Theory]
    [InlineData("fab", Norm.L2)]
    [InlineData("deepfool", Norm.L2)]
    [InlineData("ddn", Norm.L2)]
    [InlineData("fmn", Norm.LInf)]
    [InlineData("cw", Norm.L2)]
    [InlineData("ead", Norm.L1)]
    public void A_target_is_reached(string name, Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(3, 4, Features), Random(4, 4), Far);
        Tensor x = Random(5, Count, Features);
        Tensor labels = model.Predict(x);
        Tensor targets = (labels + 1).remainder(4);
        Attack attack = name == "fab" ? new FastAdaptiveBoundary(new() { Norm = norm }) : Create(name, norm);
        using AttackResult result = attack.Run(model, x, labels, targets);
        Assert.All(result.Success, Assert.True);
        Assert.True(model.Predict(result.Adversarials).eq(targets).all().item<bool>());
    }

    [Theory]
    [InlineData("ddn", 100, 101)]
    [InlineData("fmn", 100, 101)]
    [InlineData("fab", 20, 41)]
    [InlineData("fab untargeted", 20, 41)]
    public void Gradients_and_queries_are_counted(string name, long gradients, long queries)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, _, _) = Line();
        using AttackResult result = Create(name, Norm.L2).Run(model, x, labels);
        Assert.All(result.GradientsPerSample, g => Assert.Equal(gradients, g));
        Assert.All(result.QueriesPerSample, q => Assert.Equal(queries, q));
    }

    [Fact]
    public void Untargeted_steps_take_a_gradient_for_each_class()
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(3, 5, Features), Random(4, 5), Far);
        Tensor x = Random(5, Count, Features);
        using AttackResult fab = Create("fab untargeted", Norm.L2).Run(model, x, model.Predict(x));
        Assert.All(fab.GradientsPerSample, g => Assert.Equal(20 * 4, g));
        // On a linear model, one step of DeepFool is enough; six bisections follow.
        using AttackResult fool = Create("deepfool", Norm.L2).Run(model, x, model.Predict(x));
        Assert.All(fool.GradientsPerSample, g => Assert.Equal(4, g));
        Assert.All(fool.QueriesPerSample, q => Assert.Equal(1 + 2 + 6, q));
    }

    [Fact]
    public void Stopping_when_fooled_saves_what_is_not_needed()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, _, _) = Line();
        using AttackResult whole = Create("fab", Norm.L2, 10).Run(model, x, labels);
        using AttackResult saved = Create("fab", Norm.L2, 10, stops: true).Run(model, x, labels);
        Assert.All(saved.Success, Assert.True);
        Assert.Equal(Count, saved.GradientEvaluations);
        Assert.Equal(20 * Count, whole.GradientEvaluations);
        Assert.True(whole.PerturbationNorms.Sum() < saved.PerturbationNorms.Sum());
    }

    [Theory]
    [InlineData("fab", Norm.LInf)]
    [InlineData("deepfool", Norm.L2)]
    [InlineData("ddn", Norm.L2)]
    [InlineData("fmn", Norm.L1)]
    public void The_batch_size_changes_nothing(string name, Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(3, 4, Features), Random(4, 4), InputBounds.Unit);
        Tensor x = Random(5, Count, Features).sigmoid();
        Tensor labels = model.Predict(x);
        using AttackResult one = Create(name, norm).Run(model, x, labels);
        using AttackResult other = Create(name, norm, batchSize: 7).Run(model, x, labels);
        Assert.Equal(one.Success, other.Success);
        Assert.All(one.PerturbationNorms.Zip(other.PerturbationNorms), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Theory]
    [InlineData(1e-4)]
    [InlineData(0.3)]
    public void Ead_goes_from_the_shortest_change_to_the_sparsest(double beta)
    {
        // On a line, the shortest change is along w; the sparsest moves the feature of the largest weight only.
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, Tensor w, double[] margins) = Line();
        using AttackResult result = new ElasticNet(new() { Beta = beta, Steps = 200, Norm = beta < 0.01 ? Norm.L2 : Norm.L1 }).Run(model, x, labels);
        Assert.All(result.Success, Assert.True);
        double[] ratios = [.. result.PerturbationNorms.Zip(margins, (size, m) => size / (Math.Abs(m) / Dual(result.Norm, w)))];
        TestContext.Current.TestOutputHelper?.WriteLine($"{beta}: {ratios.Min()} to {ratios.Max()}, mean {ratios.Average()}");
        Assert.All(ratios, r => Assert.InRange(r, 1 - 1e-5, 1.1));
    }

    [Fact]
    public void Jsma_moves_few_features_to_their_ends()
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(3, 3, 40), Random(4, 3), InputBounds.Unit);
        Tensor x = Random(5, Count, 40).sigmoid();
        Tensor labels = model.Predict(x);
        using AttackResult result = new JacobianSaliencyMap(new() { MostFeatures = 0.4, Targets = 2 }).Run(model, x, labels);
        Assert.InRange(result.SuccessRate, 0.7, 1);
        Tensor moved = (result.Adversarials - x).ne(0);
        Assert.True(moved.sum([1]).le(16).all().item<bool>());
        Assert.True(result.Adversarials.masked_select(moved).eq(1).all().item<bool>());
        using AttackResult lowered = new JacobianSaliencyMap(new() { MostFeatures = 0.4, Targets = 2, Theta = -1 }).Run(model, x, labels);
        Assert.True(lowered.Adversarials.masked_select((lowered.Adversarials - x).ne(0)).eq(0).all().item<bool>());
    }

    [Fact]
    public void A_used_up_budget_keeps_what_was_found()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, _, _) = Line();
        var error = Assert.Throws<QueryBudgetException>(() => Create("fab", Norm.L2).Run(model, x, labels, maxQueries: 10 * Count));
        using AttackResult result = error.Result!;
        Assert.All(result.Success, Assert.True);
        Assert.InRange(result.Queries, 9 * Count, 10 * Count);
    }

    [Fact]
    public void As_a_stage_it_stays_within_both_balls()
    {
        using var scope = torch.NewDisposeScope();
        var model = new LinearClassifier(Random(3, 4, Features), Random(4, 4), InputBounds.Unit);
        Tensor x = Random(5, Count, Features).sigmoid();
        Tensor labels = model.Predict(x);
        const double Epsilon = 0.25;
        Attack[] stages = [new ProjectedGradientDescent(new() { Norm = Norm.L2, Epsilon = Epsilon / 2, Steps = 3 }), Create("ddn", Norm.L2, Epsilon), Create("fab", Norm.L2, Epsilon)];
        using AttackResult chain = new CompositeAttack(new() { Norm = Norm.L2, Epsilon = Epsilon, Stages = stages }).Run(model, x, labels);
        using AttackResult alone = Create("fab", Norm.L2, Epsilon).Run(model, x, labels);
        Assert.All(chain.PerturbationNorms, size => Assert.InRange(size, 0, Epsilon * (1 + 1e-6)));
        Assert.InRange(alone.Success.Count(s => s), 5, Count - 5);
        Assert.InRange(chain.Success.Count(s => s), alone.Success.Count(s => s) - 1, Count);
    }

    [Fact]
    public void Radius_and_seed_can_be_changed()
    {
        foreach (Attack attack in new Attack[] { new FastAdaptiveBoundary(), new DecoupledDirectionNorm(), new CarliniWagner(), new DeepFool(), new FastMinimumNorm(), new ElasticNet(), new JacobianSaliencyMap() })
        {
            Assert.Equal((attack.GetType(), 0.25, attack.Options.Norm), (attack.WithEpsilon(0.25).GetType(), attack.WithEpsilon(0.25).Options.Epsilon, attack.WithEpsilon(0.25).Options.Norm));
            Assert.Equal((attack.GetType(), 3, double.PositiveInfinity), (attack.WithSeed(3).GetType(), attack.WithSeed(3).Options.Seed, attack.WithSeed(3).Options.Epsilon));
        }
    }

    [Fact]
    public void They_have_names_in_the_catalogue()
    {
        foreach (string name in new[] { "fab", "fab-t", "ddn", "cw-l2", "deepfool", "fmn", "ead", "jsma", "sigma-zero" })
        {
            AttackInfo info = AttackCatalog.Find(name);
            foreach (Norm norm in info.Norms)
            {
                var attack = Assert.IsAssignableFrom<MinimumNormAttack>(info.Create(new StageSettings(norm, 5, 7)));
                Assert.Equal((norm, 5.0), (attack.Options.Norm, attack.Options.Epsilon));
                Assert.Equal(2, attack.WithEpsilon(2).Options.Epsilon);
                Assert.Equal(3, attack.WithSeed(3).Options.Seed);
            }
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<OptionsException>(() => new FastAdaptiveBoundary(new() { Steps = 0 }));
        Assert.Throws<OptionsException>(() => new FastAdaptiveBoundary(new() { Overshoot = 0.9 }));
        Assert.Throws<OptionsException>(() => new FastAdaptiveBoundary(new() { BackwardStep = 1 }));
        Assert.Throws<OptionsException>(() => new DecoupledDirectionNorm(new() { Norm = Norm.LInf }));
        Assert.Throws<OptionsException>(() => new DecoupledDirectionNorm(new() { Gamma = 1 }));
        Assert.Throws<OptionsException>(() => new FastMinimumNorm(new() { LastStepSize = 2 }));
        Assert.Throws<OptionsException>(() => new DeepFool(new() { Norm = Norm.L1 }));
        Assert.Throws<OptionsException>(() => new CarliniWagner(new() { Norm = Norm.L1 }));
        Assert.Throws<OptionsException>(() => new CarliniWagner(new() { InitialTradeoff = 0 }));
        Assert.Throws<OptionsException>(() => new ElasticNet(new() { Norm = Norm.LInf }));
        Assert.Throws<OptionsException>(() => new JacobianSaliencyMap(new() { Theta = 0 }));
        Assert.Throws<OptionsException>(() => new DeepFool(new() { Epsilon = -1 }));
        Assert.Throws<OptionsException>(() => new DeepFool(new() { RefinementSteps = -1 }));
    }
}
