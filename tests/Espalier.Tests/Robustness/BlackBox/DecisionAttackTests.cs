using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.BlackBox;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness.BlackBox;

public sealed class DecisionAttackTests
{
    private const int Features = 20;

    public static TheoryData<string> Names => ["hop-skip-jump", "boundary", "blend"];

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static double[] Values(Tensor t) => t.to(torch.float64).contiguous().flatten().data<double>().ToArray();

    // The planes between the classes run through the middle of the box.
    private static ScoresOnly OfFourClasses() => new(Random(1, 4, Features), Random(1, 4, Features).sum([1]) * -0.5, [Features], InputBounds.Unit);

    private static DecisionAttack Make(string name, int queries, double epsilon = double.PositiveInfinity, int batchSize = 256, IReadOnlyList<double>? scales = null, Tensor? starts = null) => name switch
    {
        "hop-skip-jump" => new HopSkipJump(new() { Queries = queries, Epsilon = epsilon, BatchSize = batchSize, FeatureScales = scales }, starts),
        "boundary" => new BoundaryAttack(new() { Queries = queries, Epsilon = epsilon, BatchSize = batchSize, FeatureScales = scales }, starts),
        _ => new BlendSearch(new() { Queries = queries, Epsilon = epsilon, BatchSize = batchSize, FeatureScales = scales }, starts),
    };

    [Theory]
    [InlineData("hop-skip-jump", 2000, 1.05)]
    [InlineData("boundary", 6000, 1.15)]
    public void On_a_linear_model_it_finds_the_smallest_change(string name, int queries, double most)
    {
        // |w·x + b|/|w| in L2.
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = ScoresOnly.Binary(w, 0.3, [Features], InputBounds.Unbounded);
        Tensor x = Random(2, 10, Features);
        double[] least = Values((x.matmul(w) + 0.3).abs() / w.norm());
        Tensor labels = model.Predict(x);
        using AttackResult result = Make(name, queries).Run(new LabelsOnly(model), x, labels);
        Assert.All(result.Success, Assert.True);
        Assert.True(model.Predict(result.Adversarials).ne(labels).all().item<bool>());
        double[] ratios = [.. result.PerturbationNorms.Zip(least, (found, possible) => found / possible)];
        Assert.All(ratios, r => Assert.InRange(r, 1 - 1e-3, double.PositiveInfinity));
        Assert.InRange(ratios.Order().ElementAt(5), 1 - 1e-3, most);
    }

    [Fact]
    public void In_the_largest_change_too()
    {
        // |w·x + b|/‖w‖1 in L-inf.
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = ScoresOnly.Binary(w, 0.3, [Features], InputBounds.Unbounded);
        Tensor x = Random(2, 10, Features);
        double[] least = Values((x.matmul(w) + 0.3).abs() / w.abs().sum());
        Tensor labels = model.Predict(x);
        using AttackResult result = new HopSkipJump(new() { Norm = Norm.LInf, Queries = 2500 }).Run(new LabelsOnly(model), x, labels);
        double[] ratios = [.. result.PerturbationNorms.Zip(least, (found, possible) => found / possible)];
        Assert.All(ratios, r => Assert.InRange(r, 1 - 1e-3, double.PositiveInfinity));
        Assert.InRange(ratios.Order().ElementAt(5), 1 - 1e-3, 1.15);
    }

    [Theory]
    [InlineData(Norm.L2)]
    [InlineData(Norm.L1)]
    [InlineData(Norm.LInf)]
    public void A_blend_ends_at_the_boundary(Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = ScoresOnly.Binary(w, 0.3, [Features], InputBounds.Unbounded);
        Tensor x = Random(2, 10, Features);
        Tensor labels = model.Predict(x);
        using AttackResult result = new BlendSearch(new() { Norm = norm, Starts = 3, Bisections = 20 }).Run(new LabelsOnly(model), x, labels);
        Assert.All(result.Success, Assert.True);
        Tensor depth = (result.Adversarials.matmul(w) + 0.3).abs() / w.norm();
        Assert.InRange(depth.max().ToDouble(), 0, 1e-3);
        // More starts come nearer, and never further.
        using AttackResult one = new BlendSearch(new() { Norm = norm, Starts = 1, Bisections = 20 }).Run(new LabelsOnly(model), x, labels);
        Assert.All(result.PerturbationNorms.Zip(one.PerturbationNorms), p => Assert.InRange(p.First, 0, p.Second * (1 + 1e-6)));
        Assert.NotEqual(result.PerturbationNorms.Sum(), one.PerturbationNorms.Sum());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Queries_are_counted_and_never_exceeded(string name)
    {
        using var scope = torch.NewDisposeScope();
        var model = OfFourClasses();
        Tensor x = Random(3, 12, Features).sigmoid();
        Tensor labels = model.Predict(x).clone();
        labels.narrow(0, 0, 2).add_(1).remainder_(4);
        foreach (int queries in new[] { 1, 2, 3, 17, 40, 150 })
        {
            long before = model.Asked;
            using AttackResult result = Make(name, queries, batchSize: 5).Run(new LabelsOnly(model), x, labels);
            Assert.Equal(model.Asked - before, result.Queries);
            Assert.All(result.QueriesPerSample, q => Assert.InRange(q, 1, queries));
            Assert.All(result.QueriesPerSample.Take(2), q => Assert.Equal(1, q));
            Assert.Equal(result.Success, model.Predict(result.Adversarials).ne(labels).data<bool>().ToArray().Select((wrong, i) => wrong && i >= 2));
            if (queries >= 40)
                Assert.All(result.Success.Skip(2), Assert.True);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_batch_size_changes_nothing_and_masked_features_stay(string name)
    {
        using var scope = torch.NewDisposeScope();
        var model = new ScoresOnly(Random(1, 3, Features), Random(2, 3), [Features], InputBounds.Unit);
        Tensor x = Random(3, 9, Features).sigmoid();
        Tensor labels = model.Predict(x);
        double[] scales = [.. Enumerable.Range(0, Features).Select(i => i % 4 == 0 ? 0.0 : 1.0)];
        using AttackResult whole = Make(name, 200, scales: scales).Run(new LabelsOnly(model), x, labels);
        using AttackResult parts = Make(name, 200, scales: scales, batchSize: 4).Run(new LabelsOnly(model), x, labels);
        Assert.Equal(whole.Success, parts.Success);
        Assert.Equal(whole.QueriesPerSample, parts.QueriesPerSample);
        Assert.InRange((whole.Adversarials - parts.Adversarials).abs().max().ToDouble(), 0, 1e-4);
        Assert.All(Values((whole.Adversarials - x).abs().amax([0])).Index(), f => Assert.Equal(f.Index % 4 == 0, f.Item == 0));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Within_a_radius_success_is_to_be_inside(string name)
    {
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, Features);
        var model = ScoresOnly.Binary(w, 0.3, [Features], InputBounds.Unbounded);
        Tensor x = Random(2, 30, Features);
        double[] least = Values((x.matmul(w) + 0.3).abs() / w.norm());
        Tensor labels = model.Predict(x);
        const double Epsilon = 0.8;
        using AttackResult result = Make(name, 400, Epsilon).Run(new LabelsOnly(model), x, labels);
        for (int i = 0; i < 30; i++)
        {
            Assert.InRange(result.PerturbationNorms[i], 0, Epsilon);
            if (least[i] > Epsilon)
                Assert.False(result.Success[i]);
            Assert.Equal(result.Success[i], result.PerturbationNorms[i] > 0);
        }

        // Who is inside has no need of more queries.
        Assert.InRange(result.Success.Count(s => s), 1, 29);
        if (name != "blend")
            Assert.InRange(result.QueriesPerSample.Where((_, i) => result.Success[i]).Min(), 1, 200);
    }

    [Fact]
    public void It_starts_from_what_it_is_given()
    {
        // Class 1 is the half-space of large values: a blend with a given point ends on the line to it.
        using var scope = torch.NewDisposeScope();
        var model = ScoresOnly.Binary(torch.ones(2), -1, [2], InputBounds.Unit);
        Tensor x = torch.tensor([0.1f, 0.2f]).view(1, 2);
        Tensor start = torch.tensor([0f, 0.1f, 0.9f, 0.2f, 0f, 0f]).view(3, 2); // only the second is of class 1
        using AttackResult result = new BlendSearch(new() { Starts = 1, Bisections = 20 }, start).Run(new LabelsOnly(model), x, torch.zeros(1, dtype: torch.int64));
        Assert.Equal(0.8, result.Adversarials[0, 0].item<float>(), 1e-4);
        Assert.Equal(0.2, result.Adversarials[0, 1].item<float>(), 1e-6);
        Assert.InRange(result.QueriesPerSample[0], 1 + 1 + 20, 1 + 3 + 20);
        Assert.Throws<ShapeException>(() => new BlendSearch(null, torch.zeros(3, 5)).Run(new LabelsOnly(model), x, torch.zeros(1, dtype: torch.int64)));
    }

    [Fact]
    public void Targets_start_from_other_inputs_of_the_run()
    {
        // Class 2 is a small ball that noise does not hit.
        using var scope = torch.NewDisposeScope();
        var model = new DelegateClassifier([Features], 3, x =>
        {
            Tensor isNear = (x - 0.5).norm(1).lt(0.2).to(torch.float32);
            Tensor isLarge = x.select(1, 0).gt(0.5).to(torch.float32) * (1 - isNear);
            return torch.stack([1 - isNear - isLarge, isLarge, isNear], 1);
        });
        Tensor x = torch.cat([Random(1, 5, Features).sigmoid(), torch.full([1, Features], 0.5, dtype: torch.float32)]);
        Tensor labels = model.Predict(x);
        Assert.Equal(2, labels[5].item<long>());
        Tensor targets = torch.full(6, 2, dtype: torch.int64);
        using AttackResult result = new BlendSearch(new() { Starts = 1, StartTries = 10, BatchSize = 2 }).Run(new LabelsOnly(model), x, labels, targets);
        Assert.Equal([true, true, true, true, true, false], result.Success);
        Assert.True(model.Predict(result.Adversarials).eq(targets).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Where_nothing_is_of_another_class_a_sample_stands_and_the_others_are_attacked(string name)
    {
        using var scope = torch.NewDisposeScope();
        // The fourth class is never answered, so that who is to become one of it has nowhere to start.
        Tensor bias = Random(1, 4, Features).sum([1]) * -0.5;
        bias[3] = -1e6;
        var model = new ScoresOnly(Random(1, 4, Features), bias, [Features], InputBounds.Unit);
        Tensor x = Random(3, 4, Features).sigmoid();
        Tensor labels = model.Predict(x);
        Tensor targets = (labels + 1).remainder(3);
        targets[1] = 3;
        using AttackResult result = Make(name, 500, batchSize: 3).Run(new LabelsOnly(model), x, labels, targets);
        Assert.Equal([true, false, true, true], result.Success);
        Assert.Equal(1, result.WithoutStart);
        Assert.True(result.Adversarials[1].equal(x[1]).all().item<bool>());
    }

    [Fact]
    public void A_budget_of_the_run_keeps_what_was_found()
    {
        using var scope = torch.NewDisposeScope();
        var model = OfFourClasses();
        Tensor x = Random(3, 12, Features).sigmoid();
        Tensor labels = model.Predict(x);
        var stopped = Assert.Throws<QueryBudgetException>(() => Make("hop-skip-jump", 5000).Run(new LabelsOnly(model), x, labels, maxQueries: 12 * 100));
        Assert.All(stopped.Result!.Success, Assert.True);
        Assert.True(model.Predict(stopped.Result.Adversarials).ne(labels).all().item<bool>());
        stopped.Result.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_tensors_are_left_behind(string name)
    {
        using var scope = torch.NewDisposeScope();
        var model = new ScoresOnly(Random(1, 3, Features), Random(2, 3), [Features], InputBounds.Unit);
        Tensor x = Random(3, 6, Features).sigmoid();
        Tensor labels = model.Predict(x);
        DecisionAttack attack = Make(name, 200);
        using (attack.Run(new LabelsOnly(model), x, labels)) { }
        DisposeScopeManager.Statistics.Reset();
        using (attack.Run(new LabelsOnly(model), x, labels)) { }
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        void Refused(string option, PerturbationOptions options) => Assert.Equal(option, Assert.Throws<OptionsException>(options.Validate).Option);
        Refused("queries", new HopSkipJumpOptions { Queries = 0 });
        Refused("startTries", new HopSkipJumpOptions { StartTries = 0 });
        Refused("norm", new HopSkipJumpOptions { Norm = Norm.L1 });
        Refused("iterations", new HopSkipJumpOptions { Iterations = 0 });
        Refused("mostProbes", new HopSkipJumpOptions { MostProbes = 99 });
        Refused("norm", new BoundaryAttackOptions { Norm = Norm.LInf });
        Refused("sourceStep", new BoundaryAttackOptions { SourceStep = 1 });
        Refused("stepAdaptation", new BoundaryAttackOptions { StepAdaptation = 1 });
        Refused("starts", new BlendSearchOptions { Starts = 0 });
        Refused("epsilon", new BlendSearchOptions { Epsilon = -1 });
    }
}
