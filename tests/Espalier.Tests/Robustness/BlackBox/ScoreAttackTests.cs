using Espalier.Errors;
using Espalier.Models;
using Espalier.Randomness;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.BlackBox;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness.BlackBox;

public sealed class ScoreAttackTests
{
    public static TheoryData<string> Names => ["square-linf", "square-l2", "square-l1", "spsa", "simba"];

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static double[] Values(Tensor t) => t.to(torch.float64).contiguous().flatten().data<double>().ToArray();

    private static Attack Make(string name, double epsilon, int queries, IReadOnlyList<double>? scales = null, int batchSize = 256, bool stop = true) => name switch
    {
        "spsa" => new Spsa(new() { Epsilon = epsilon, Probes = 4, Steps = (queries - 1) / 9, StepSize = 0.05, FeatureScales = scales, BatchSize = batchSize, StopWhenFooled = stop }),
        "simba" => new Simba(new() { Norm = Norm.L2, Epsilon = epsilon, Queries = queries, FeatureScales = scales, BatchSize = batchSize, StopWhenFooled = stop }),
        _ => new Square(new()
        {
            Norm = name == "square-l2" ? Norm.L2 : name == "square-l1" ? Norm.L1 : Norm.LInf,
            Epsilon = epsilon,
            Queries = queries,
            FeatureScales = scales,
            BatchSize = batchSize,
            StopWhenFooled = stop,
        }),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void It_stays_in_the_ball_and_counts_what_it_asks(string name)
    {
        using var scope = torch.NewDisposeScope();
        long[] shape = [3, 7, 9];
        var model = new ScoresOnly(Random(1, 4, 189), Random(2, 4), shape, InputBounds.Unit);
        Tensor x = Random(3, 30, 3, 7, 9).sigmoid();
        Tensor labels = model.Predict(x).clone();
        labels.narrow(0, 0, 4).add_(1).remainder_(4);
        long before = model.Asked;
        double epsilon = name switch { "square-linf" or "spsa" => 0.03, "square-l1" => 2, _ => 0.3 };
        const int Queries = 91;
        using AttackResult result = Make(name, epsilon, Queries, batchSize: 11).Run(model, x, labels);

        Assert.Equal(model.Asked - before, result.Queries);
        Assert.Equal(0, result.GradientEvaluations);
        Assert.All(result.PerturbationNorms, size => Assert.InRange(size, 0, epsilon * (1 + 1e-5)));
        bool[] stands = model.Predict(result.Adversarials).eq(labels).data<bool>().ToArray();
        for (int i = 0; i < 30; i++)
        {
            Assert.Equal(stands[i], result.OriginallyCorrect[i] && !result.Success[i]);
            Assert.Equal(i >= 4, result.OriginallyCorrect[i]);
            // Who stands to the end has cost all queries, no less and no more.
            if (stands[i])
                Assert.Equal(Queries, result.QueriesPerSample[i]);
            else
                Assert.InRange(result.QueriesPerSample[i], 1, Queries);
        }

        Assert.InRange(result.Success.Count(s => s), 1, 25);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void On_a_linear_model_it_comes_near_the_closed_form_and_not_beyond(string name)
    {
        // An input stands if and only if |w·x + b| > epsilon * (dual norm of w).
        using var scope = torch.NewDisposeScope();
        const int Count = 40;
        Tensor w = Random(1, 16);
        long[] shape = [1, 4, 4];
        var model = ScoresOnly.Binary(w, 0.3, shape, InputBounds.Unbounded);
        Tensor x = Random(2, Count, 1, 4, 4);
        double[] margins = Values(x.flatten(1).matmul(w) + 0.3);
        Tensor labels = torch.tensor(margins.Select(m => m > 0 ? 1L : 0L).ToArray());
        bool isL2 = name is "square-l2" or "simba";
        double epsilon = name == "square-l1" ? 1.5 : isL2 ? 0.7 : 0.2;
        double dual = name == "square-l1" ? w.abs().max().ToDouble() : isL2 ? w.norm().ToDouble() : w.abs().sum().ToDouble();
        // Windows of 3 x 3 of 4 x 4 pixels are coarse for balls whose best points are sparse.
        double reach = name switch { "square-l1" => 0.3, "square-l2" => 0.7, _ => 0.85 };
        using AttackResult result = Make(name, epsilon, 700).Run(model, x, labels);
        int near = 0;
        for (int i = 0; i < Count; i++)
        {
            double ratio = Math.Abs(margins[i]) / (epsilon * dual);
            if (ratio > 1.001)
                Assert.False(result.Success[i]);
            if (ratio < reach)
            {
                near++;
                Assert.True(result.Success[i], $"{name} stops short of a share {ratio:F3} of what is possible");
            }
        }

        Assert.InRange(near, 5, Count - 5);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_batch_size_changes_nothing_and_masked_features_stay(string name)
    {
        using var scope = torch.NewDisposeScope();
        var model = new ScoresOnly(Random(1, 3, 32), Random(2, 3), [2, 4, 4], InputBounds.Unit);
        Tensor x = Random(3, 20, 2, 4, 4).sigmoid();
        Tensor labels = model.Predict(x);
        double[] scales = [.. Enumerable.Range(0, 32).Select(i => i % 3 == 0 ? 0.0 : 1.0)];
        double epsilon = name switch { "square-l1" => 6, "square-l2" or "simba" => 1.5, _ => 0.4 };
        using AttackResult whole = Make(name, epsilon, 64, scales).Run(model, x, labels);
        using AttackResult parts = Make(name, epsilon, 64, scales, batchSize: 7).Run(model, x, labels);
        Assert.Equal(whole.Success, parts.Success);
        Assert.Equal(whole.QueriesPerSample, parts.QueriesPerSample);
        Assert.InRange((whole.Adversarials - parts.Adversarials).abs().max().ToDouble(), 0, 1e-4);
        Assert.InRange(whole.Success.Count(s => s), 1, 19);
        Tensor moved = (whole.Adversarials - x).flatten(1).abs().amax([0]);
        Assert.All(Values(moved).Index(), feature => Assert.Equal(feature.Index % 3 == 0, feature.Item == 0));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Targets_are_hit_and_fooled_samples_go_on_where_asked(string name)
    {
        using var scope = torch.NewDisposeScope();
        var model = new ScoresOnly(Random(1, 4, 16), torch.zeros(4), [1, 4, 4], InputBounds.Unbounded);
        Tensor x = Random(2, 20, 1, 4, 4) * 0.3;
        Tensor labels = model.Predict(x);
        Tensor targets = (labels + 2).remainder(4);
        double epsilon = name == "square-l1" ? 8 : name is "square-l2" or "simba" ? 3 : 1;
        using AttackResult result = Make(name, epsilon, 496, stop: false).Run(model, x, labels, targets);
        Assert.InRange(result.SuccessRate, 0.7, 1);
        Assert.Equal(result.Success, model.Predict(result.Adversarials).eq(targets).data<bool>().ToArray());
        Assert.All(result.QueriesPerSample, q => Assert.Equal(496, q));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Few_queries_are_few(int extra)
    {
        using var scope = torch.NewDisposeScope();
        var model = new ScoresOnly(Random(1, 4, 16), torch.tensor([0f, 0f, 0f, 90f]), [16], InputBounds.Unit);
        Tensor x = Random(2, 6, 16).sigmoid();
        Tensor labels = model.Predict(x);
        foreach (string name in new[] { "square-linf", "square-l2", "square-l1", "simba" })
        {
            using AttackResult result = Make(name, 0.1, 1 + extra).Run(model, x, labels);
            Assert.All(result.QueriesPerSample, q => Assert.Equal(1 + extra, q));
        }

        // A budget of the whole run ends it, with what was found.
        var stopped = Assert.Throws<QueryBudgetException>(() => Make("square-linf", 0.1, 50).Run(model, x, labels, maxQueries: 40));
        Assert.InRange(stopped.Result!.Queries, 36, 40);
        stopped.Result.Dispose();
    }

    [Fact]
    public void Differences_along_signs_are_the_gradient()
    {
        // L(x) = x·A·x/2 + b·x, whose gradient is A·x + b.
        using var scope = torch.NewDisposeScope();
        Tensor a = Random(1, 20, 20), b = Random(2, 20), x = Random(3, 1, 20).sigmoid();
        a = (a + a.t()) / 2;
        Tensor Loss(Tensor points) => ((points.matmul(a) * points).sum([1]) / 2) + points.matmul(b);
        Tensor gradient = x.matmul(a) + b;
        double Cosine(int probes, InputBounds bounds)
        {
            Tensor signs = new ExampleRandom(1, [7], 0).Signs(torch.zeros(1, probes * 20)).view(probes, 1, 20);
            Tensor found = Spsa.Differences(Loss, x, signs, 0.01, bounds).mean([0]);
            return torch.nn.functional.cosine_similarity(found, gradient, 1).item<float>();
        }

        Assert.InRange(Cosine(4000, InputBounds.Unbounded), 0.9, 1);
        Assert.InRange(Cosine(4000, InputBounds.Unbounded), Cosine(100, InputBounds.Unbounded), 1);
        // At a corner of the box each probe has one side only.
        x = torch.zeros(1, 20);
        gradient = b.unsqueeze(0);
        Assert.InRange(Cosine(4000, InputBounds.Unit), 0.9, 1);
        Assert.Equal(0, Spsa.Differences(Loss, x, torch.ones(3, 1, 20), 0.01, InputBounds.Uniform(0, 1e-300)).abs().sum().ToDouble());
    }

    [Fact]
    public void Windows_reach_every_place_equally_often()
    {
        int[,] hits = new int[4, 5];
        for (int i = 0; i < 20_000; i++)
        {
            var random = new SplitMix64(1, i);
            (int top, int left) = SquareProposal.Place(ref random, (5, 7), (2, 3));
            hits[top, left]++;
        }

        // Twenty places of 1,000 each: five standard errors.
        Assert.All(hits.Cast<int>(), n => Assert.InRange(n, 1000 - 155, 1000 + 155));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(3, 3)]
    [InlineData(4, 9)]
    [InlineData(1, 6)]
    [InlineData(1, 1)]
    public void Two_pyramids_of_opposite_sign_have_length_one(int height, int width)
    {
        float[,] pattern = PyramidSquares.TwoPyramids(height, width, isTurned: false), turned = PyramidSquares.TwoPyramids(width, height, isTurned: true);
        Assert.Equal(1, pattern.Cast<float>().Sum(v => (double)v * v), 1e-6);
        if (height > 1)
        {
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    Assert.Equal(y < height / 2 ? 1 : -1, Math.Sign(pattern[y, x]));
                    Assert.Equal(pattern[y, x], turned[x, y], 1e-7f);
                }
            }
        }
    }

    [Fact]
    public void A_pyramid_is_a_sum_of_nested_rectangles()
    {
        // Of the lower half of 6 x 5, 3 x 5: rectangles around row 1 and column 2 with weights 1, 1/4, 1/9.
        double[,] expected = new double[3, 5];
        for (int k = 0; k <= 2; k++)
        {
            for (int y = Math.Max(0, 1 - k); y <= Math.Min(2, 1 + k); y++)
            {
                for (int x = 2 - k; x <= 2 + k; x++)
                    expected[y, x] += 1.0 / ((k + 1) * (k + 1));
            }
        }

        float[,] pattern = PyramidSquares.TwoPyramids(6, 5, isTurned: false);
        for (int y = 0; y < 3; y++)
        {
            for (int x = 0; x < 5; x++)
                Assert.Equal(expected[y, x] / expected[1, 2], pattern[3 + y, x] / pattern[4, 2], 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_tensors_are_left_behind(string name)
    {
        using var scope = torch.NewDisposeScope();
        var model = new ScoresOnly(Random(1, 3, 16), Random(2, 3), [1, 4, 4], InputBounds.Unit);
        Tensor x = Random(3, 20, 1, 4, 4).sigmoid();
        Tensor labels = model.Predict(x);
        Attack attack = Make(name, 0.1, 40);
        using (attack.Run(model, x, labels)) { }
        DisposeScopeManager.Statistics.Reset();
        using (attack.Run(model, x, labels)) { }
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        void Refused(string option, PerturbationOptions options) => Assert.Equal(option, Assert.Throws<OptionsException>(options.Validate).Option);
        Refused("queries", new SquareOptions { Queries = 0 });
        Refused("share", new SquareOptions { Share = 0 });
        Refused("epsilon", new SquareOptions { Epsilon = double.PositiveInfinity });
        Refused("steps", new SpsaOptions { Steps = 0 });
        Refused("probes", new SpsaOptions { Probes = 0 });
        Refused("delta", new SpsaOptions { Delta = 0 });
        Refused("stepSize", new SpsaOptions { StepSize = -1 });
        Refused("queries", new SimbaOptions { Queries = 0 });
        Refused("stepSize", new SimbaOptions { StepSize = 0 });
        using var scope = torch.NewDisposeScope();
        var labels = new LabelsOnly(ScoresOnly.Binary(Random(1, 4), 0, [4], InputBounds.Unit));
        Assert.Equal("attack", Assert.Throws<OptionsException>(() => new Square().Run(labels, torch.rand(1, 4), torch.zeros(1, dtype: torch.int64))).Option);
    }
}
