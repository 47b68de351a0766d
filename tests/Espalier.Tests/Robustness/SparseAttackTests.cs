using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.BlackBox;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Attacks.MinimumNorm;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using ScoresOnly = Espalier.Tests.Robustness.BlackBox.ScoresOnly;

namespace Espalier.Tests.Robustness;

/// <summary>The threat of a few changed pixels: its projection against all subsets, and attacks on models whose weakest pixels are known.</summary>
public sealed class SparseAttackTests
{
    private sealed record Options : PerturbationOptions
    {
        protected override bool AllowsL0 => true;
    }

    private const int Features = 12;

    public static TheoryData<string> Names => ["pgd0", "sigma-zero", "jsma", "sparse-rs"];

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.rand(shape, generator: generator);
    }

    private static AttackedBatch Batch(Tensor clean, double epsilon, IReadOnlyList<double>? scales = null)
    {
        long count = clean.shape[0];
        var model = new ScoresOnly(torch.zeros(2, clean.numel() / count), torch.tensor(new[] { 1f, 0f }), clean.shape[1..], InputBounds.Unit);
        return new AttackedBatch(new AttackTarget(model, new QueryMeter()), clean, torch.zeros(count, dtype: torch.int64), null,
            [.. Enumerable.Range(0, (int)count).Select(i => (long)i)], new Options { Norm = Norm.L0, Epsilon = epsilon, FeatureScales = scales, Seed = 3 }, default);
    }

    /// <summary>Places where any channel differs, counted one by one.</summary>
    private static int[] Changed(Tensor a, Tensor b)
    {
        float[] differences = (a - b).abs().to(torch.float32).contiguous().flatten().data<float>().ToArray();
        int channels = a.dim() == 4 ? (int)a.shape[1] : 1;
        int pixels = (int)(a.numel() / a.shape[0]) / channels;
        return [.. Enumerable.Range(0, (int)a.shape[0]).Select(row => Enumerable.Range(0, pixels).Count(p => Enumerable.Range(0, channels).Any(c => differences[(((row * channels) + c) * pixels) + p] > 0)))];
    }

    [Fact]
    public void A_size_is_the_number_of_places_that_change()
    {
        using var scope = torch.NewDisposeScope();
        Tensor change = torch.zeros(2, 3, 2, 2);
        change[0, 0, 1, 1] = 0.5f;
        change[0, 2, 1, 1] = -1e-6f;
        change[0, 1, 0, 1] = 1;
        Assert.Equal([2f, 0f], Perturbations.Size(Norm.L0, change).data<float>().ToArray());
        Assert.Equal([3f, 0f], Perturbations.Size(Norm.L0, change.flatten(1)).data<float>().ToArray());
        Tensor scales = torch.ones(1, 3, 2, 2);
        scales[0, 1, 0, 1] = 0;
        Assert.Equal([1f, 0f], Perturbations.Size(Norm.L0, change, scales).data<float>().ToArray());
    }

    [Fact]
    public void The_projection_is_the_nearest_of_all_choices_of_pixels()
    {
        // Three channels, six places, at most two of them: each of the 15 pairs, clipped into the box, and the nearest one.
        using var scope = torch.NewDisposeScope();
        Tensor clean = Random(1, 40, 3, 2, 3);
        Tensor wild = (Random(2, 40, 3, 2, 3) * 4) - 1.5;
        AttackedBatch batch = Batch(clean, 2);
        using ActiveSamples active = batch.Activate(2)!;
        Tensor found = active.Region.Project(wild);
        Tensor nearest = torch.full(40, double.PositiveInfinity);
        for (int i = 0; i < 6; i++)
        {
            for (int j = i + 1; j < 6; j++)
            {
                Tensor mask = torch.zeros(6);
                mask[i] = mask[j] = 1;
                Tensor candidate = torch.where(mask.view(1, 1, 2, 3).gt(0), wild.clamp(0, 1), clean);
                nearest = nearest.minimum((candidate - wild).flatten(1).norm(1));
            }
        }

        Assert.InRange(((found - wild).flatten(1).norm(1) - nearest).abs().max().ToDouble(), 0, 1e-5);
        Assert.All(Changed(found, clean), n => Assert.Equal(2, n));
        Assert.True(active.Region.Project(found).eq(found).all().item<bool>());
        Assert.True(found.clamp(0, 1).eq(found).all().item<bool>());
    }

    [Fact]
    public void A_chain_changes_few_pixels_of_its_start_and_few_of_the_clean_input()
    {
        using var scope = torch.NewDisposeScope();
        Tensor clean = Random(1, 300, 1, 4, 5);
        Tensor start = clean.clone();
        Tensor touched = Random(2, 300, 20).topk(3, 1).indexes;
        start.view(300, 20).scatter_(1, touched, Random(3, 300, 3));
        foreach ((int threat, int radius) in ((int, int)[])[(5, 4), (3, 2), (20, 3), (4, 20)])
        {
            AttackedBatch batch = Batch(clean, threat);
            batch.BeginStage(0, "test", start, 0);
            using ActiveSamples active = batch.Activate(radius)!;
            Tensor found = active.Region.Project((Random(4, 300, 1, 4, 5) * 4) - 1.5);
            Assert.All(Changed(found, start), n => Assert.InRange(n, Math.Min(radius, 3), radius));
            Assert.All(Changed(found, clean), n => Assert.InRange(n, 0, threat));
            Assert.True(active.Region.Project(found).eq(found).all().item<bool>());
        }
    }

    [Fact]
    public void Held_features_stay_and_draws_fill_the_radius()
    {
        using var scope = torch.NewDisposeScope();
        Tensor clean = Random(1, 100, 8);
        AttackedBatch batch = Batch(clean, 3, [1, 0, 1, 1, 0, 1, 1, 1]);
        using ActiveSamples active = batch.Activate(3)!;
        Tensor found = active.Region.Project((Random(2, 100, 8) * 4) - 1.5);
        Assert.Equal(0, (found - clean).index_select(1, torch.tensor(new long[] { 1, 4 })).abs().max().ToDouble());
        Assert.All(Changed(found, clean), n => Assert.Equal(3, n));
        Tensor drawn = active.Region.Project(clean + active.Region.Draw(clean, 3, batch.Random(active, 0)));
        Assert.All(Changed(drawn, clean), n => Assert.Equal(3, n));
        Assert.True(drawn.clamp(0, 1).eq(drawn).all().item<bool>());
        Assert.InRange((drawn - clean).abs().sum([0]).ne(0).sum().item<long>(), 6, 6);
    }

    /// <summary>
    /// Two classes, logits (0, w·x + b), inputs in the unit box: a feature moved to the end of its range gains |w|·room, and no k of them
    /// gain more than the k largest.
    /// </summary>
    private static (LinearClassifier Model, Tensor X, Tensor Labels, int[] Needed) Line(int count)
    {
        Tensor w = (Random(1, Features) - 0.5) * 2;
        var model = LinearClassifier.Binary(w, 0.1, InputBounds.Unit);
        Tensor x = Random(2, count, Features);
        Tensor margin = x.matmul(w) + 0.1;
        Tensor labels = margin.gt(0).to(torch.int64);
        Tensor gains = torch.where((labels.unsqueeze(1) == 1).eq(w.gt(0)), x, 1 - x) * w.abs();
        Tensor sums = gains.sort(1, descending: true).Values.cumsum(1);
        long[] needed = sums.le(margin.abs().unsqueeze(1)).sum([1]).data<long>().ToArray();
        return (model, x, labels, [.. needed.Select(n => (int)n + 1)]);
    }

    private static Attack Create(string name, double epsilon, int batchSize = 256) => name switch
    {
        "pgd0" => new SparseGradientDescent(new() { Epsilon = epsilon, BatchSize = batchSize, Loss = AttackLoss.Margin, Steps = 40 }),
        "sigma-zero" => new SigmaZero(new() { Epsilon = epsilon, BatchSize = batchSize }),
        "jsma" => new JacobianSaliencyMap(new() { Norm = Norm.L0, Epsilon = epsilon, BatchSize = batchSize, MostFeatures = 1, StopWhenFooled = false }),
        _ => new SparseRandomSearch(new() { Epsilon = epsilon, BatchSize = batchSize, Queries = 600 }),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void On_a_linear_model_it_comes_near_the_fewest_features_and_never_below(string name)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, int[] needed) = Line(60);
        int[] possible = [.. Enumerable.Range(0, 60).Where(i => needed[i] <= Features)];
        Assert.InRange(possible.Select(i => needed[i]).Distinct().Count(), 3, Features);
        foreach (int k in (int[])[1, 2, 4])
        {
            using AttackResult result = Create(name, k).Run(model, x, labels);
            Assert.Equal(Changed(result.Adversarials, x).Select(n => (double)n), result.PerturbationNorms);
            Assert.All(result.PerturbationNorms, n => Assert.InRange(n, 0, k));
            int[] fooled = [.. Enumerable.Range(0, 60).Where(i => result.Success[i])];
            Assert.Equal(fooled, Enumerable.Range(0, 60).Where(i => model.Predict(result.Adversarials[i].unsqueeze(0)).item<long>() != labels[i].item<long>()));
            Assert.All(fooled, i => Assert.True(needed[i] <= k));

            // Pairs of features that JSMA moves at once may be one too many, and it moves upwards only.
            if (name != "jsma")
                Assert.InRange(fooled.Length, 0.95 * possible.Count(i => needed[i] <= k), 60);
        }
    }

    [Theory]
    [InlineData("pgd0")]
    [InlineData("sigma-zero")]
    [InlineData("sparse-rs")]
    public void Pixels_of_images_count_with_all_their_channels(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 4));
        foreach (Tensor weight in net.parameters())
        {
            using var noGradients = torch.no_grad();
            weight.copy_(Random((int)weight.shape[0] + (int)weight.dim(), weight.shape) - 0.5);
        }

        using var model = new TorchClassifier(net, [3, 4, 4], 4);
        Tensor x = Random(5, 20, 3, 4, 4);
        Tensor labels = model.Predict(x);
        using AttackResult result = Create(name, 4).Run(model, x, labels);
        Assert.Equal(Changed(result.Adversarials, x).Select(n => (double)n), result.PerturbationNorms);
        Assert.All(result.PerturbationNorms, n => Assert.InRange(n, 0, 4));
        Assert.InRange(result.SuccessRate, 0.5, 1);
        Assert.True(result.Adversarials.clamp(0, 1).eq(result.Adversarials).all().item<bool>());

        // Samples draw their own numbers.
        using AttackResult parts = Create(name, 4, batchSize: 7).Run(model, x, labels);
        Assert.Equal(result.Success, parts.Success);
        Assert.Equal(result.QueriesPerSample, parts.QueriesPerSample);
        Assert.InRange((result.Adversarials - parts.Adversarials).abs().max().ToDouble(), 0, 1e-5);
    }

    [Fact]
    public void The_smooth_count_has_its_gradient()
    {
        // Σ s/(s+σ) over the places of an image, s the sum of squares of a place's channels, by central differences.
        using var scope = torch.NewDisposeScope();
        const double Sigma = 0.05;
        Tensor change = (Random(1, 1, 2, 3, 2).to(torch.float64) - 0.5) * 0.6;
        double Count(Tensor u)
        {
            Tensor s = u.pow(2).sum([1]);
            return (s / (s + Sigma)).sum().ToDouble();
        }

        Tensor found = SigmaZero.CountGradient(change, Sigma);
        for (int i = 0; i < 12; i++)
        {
            Tensor step = torch.zeros(12, dtype: torch.float64);
            step[i] = 1e-5;
            double slope = (Count(change + step.view(change.shape)) - Count(change - step.view(change.shape))) / 2e-5;
            Assert.Equal(slope, found.flatten()[i].item<double>(), 1e-6);
        }
    }

    [Fact]
    public void Random_search_counts_what_it_asks_and_goes_for_targets()
    {
        using var scope = torch.NewDisposeScope();
        var model = new ScoresOnly((Random(1, 4, 48) - 0.5) * 2, torch.zeros(4), [3, 4, 4], InputBounds.Unit);
        Tensor x = Random(2, 15, 3, 4, 4);
        Tensor labels = model.Predict(x);
        long before = model.Asked;
        const int Queries = 80;
        using AttackResult result = new SparseRandomSearch(new() { Epsilon = 2, Queries = Queries, BatchSize = 4 }).Run(model, x, labels);
        Assert.Equal(model.Asked - before, result.Queries);
        Assert.Equal(0, result.GradientEvaluations);
        for (int i = 0; i < 15; i++)
            Assert.InRange(result.QueriesPerSample[i], result.Success[i] ? 1 : Queries, Queries);
        Tensor targets = (labels + 1).remainder(4);
        using AttackResult targeted = new SparseRandomSearch(new() { Epsilon = 9, Queries = 500 }).Run(model, x, labels, targets);
        Assert.InRange(targeted.SuccessRate, 0.8, 1);
        Assert.Equal(targeted.Success, model.Predict(targeted.Adversarials).eq(targets).data<bool>().ToArray());

        // Every pixel may be changed: then none can be exchanged, and those that leave come back with other ends.
        using AttackResult whole = new SparseRandomSearch(new() { Epsilon = 16, Queries = 200 }).Run(model, x, labels);
        Assert.InRange(whole.SuccessRate, 0.9, 1);
    }

    [Fact]
    public void What_cannot_count_pixels_says_so()
    {
        void Refused(string option, PerturbationOptions options) => Assert.Equal(option, Assert.Throws<OptionsException>(options.Validate).Option);
        Refused("norm", new SquareOptions { Norm = Norm.L0, Epsilon = 3 });
        Refused("norm", new AutoPgdOptions { Norm = Norm.L0, Epsilon = 3 });
        Refused("norm", new SparseGradientDescentOptions { Norm = Norm.L2 });
        Refused("norm", new SigmaZeroOptions { Norm = Norm.LInf });
        Refused("norm", new SparseRandomSearchOptions { Norm = Norm.L1 });
        Refused("epsilon", new SparseGradientDescentOptions { Epsilon = 8 / 255.0 });
        Refused("steps", new SigmaZeroOptions { Steps = 0 });
        Refused("sigma", new SigmaZeroOptions { Sigma = 0 });
        Refused("threshold", new SigmaZeroOptions { Threshold = 2 });
        Refused("stepLength", new SparseGradientDescentOptions { StepLength = 0 });
        Refused("queries", new SparseRandomSearchOptions { Queries = 0 });
        Refused("share", new SparseRandomSearchOptions { Share = 0 });
        using var scope = torch.NewDisposeScope();
        var endless = LinearClassifier.Binary(Random(1, 4), 0, InputBounds.Unbounded);
        Assert.Contains("finite", Assert.Throws<OptionsException>(() => new SparseGradientDescent().Run(endless, Random(2, 1, 4), torch.ones(1, dtype: torch.int64))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Policies_share_out_whole_pixels()
    {
        CompositeAttack attack = AttackPolicy.Parse("pgd0-l0(eps=0.5) -> sigma-zero(eps=0.01)").Build(epsilon: 5);
        Assert.Equal((Norm.L0, 5.0), (attack.Options.Norm, attack.Options.Epsilon));
        Assert.Equal([2.0, 1.0], attack.Options.Stages.Select(s => s.Options.Epsilon));
        Assert.Equal([6.0, 3.0], ((CompositeAttack)attack.WithEpsilon(15)).Options.Stages.Select(s => s.Options.Epsilon));
        Assert.Equal("norm", Assert.Throws<OptionsException>(() => AttackPolicy.AutoAttack.Build(Norm.L0, 5)).Option.Split('.')[^1]);
        foreach (string name in (string[])["sparse", "scores-only", "labels-only"])
            Assert.Equal(Norm.L0, AttackPolicy.Named(Norm.L0)[name].Build(Norm.L0, 5).Options.Norm);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_tensors_are_left_behind(string name)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels, _) = Line(10);
        Attack attack = Create(name, 2);
        using (attack.Run(model, x, labels)) { }
        DisposeScopeManager.Statistics.Reset();
        using (attack.Run(model, x, labels)) { }
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
