using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.BlackBox;
using Espalier.Robustness.Corruptions;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness.BlackBox;

public sealed class SamplingAttackTests
{
    private static readonly long[] Shape = [1, 8, 8];

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static Tensor Zeros(int count) => torch.zeros(count, dtype: torch.int64);

    // Class 1 where something bright lies in one of the last columns.
    private static ScoresOnly Right(InputBounds bounds)
    {
        Tensor w = torch.zeros(8, 8);
        w.narrow(1, 6, 2).fill_(1);
        return ScoresOnly.Binary(w.flatten() / (bounds.Upper - bounds.Lower), -0.5 + (-bounds.Lower * 16 / (bounds.Upper - bounds.Lower)), Shape, bounds);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    public void A_move_in_space_is_found_where_there_is_one(double lower, double upper)
    {
        using var scope = torch.NewDisposeScope();
        var model = Right(InputBounds.Uniform(lower, upper));
        Tensor x = torch.full([2, 1, 8, 8], lower, dtype: torch.float32);
        x[0, 0, 4, 4] = (float)upper; // two columns from where it counts
        x[1, 0, 4, 0] = (float)upper; // six
        foreach (IClassifier seen in new IClassifier[] { model, new LabelsOnly(model) })
        {
            using AttackResult far = new SpatialAttack(new() { MaxShift = 2, MaxDegrees = 0 }).Run(seen, x, Zeros(2));
            Assert.Equal([true, false], far.Success);
            Assert.Equal(1 + 125, far.QueriesPerSample[1]);
            Assert.InRange(far.QueriesPerSample[0], 2, 125);
            Assert.Equal(1, model.Predict(far.Adversarials)[0].item<long>());
            using AttackResult near = new SpatialAttack(new() { MaxShift = 1, MaxDegrees = 0 }).Run(seen, x, Zeros(2));
            Assert.Equal([false, false], near.Success);
        }

        // A quarter turn takes a bright spot from the top to the side.
        Tensor top = torch.full([1, 1, 8, 8], lower, dtype: torch.float32);
        top[0, 0, 0, 4] = (float)upper;
        using AttackResult turned = new SpatialAttack(new() { MaxShift = 0, MaxDegrees = 90, Granularity = 3 }).Run(model, top, Zeros(1));
        Assert.Equal([true], turned.Success);
        Assert.InRange(turned.QueriesPerSample[0], 2, 28);
    }

    [Fact]
    public void A_corruption_breaks_what_its_formula_breaks()
    {
        // Class 1 from a mean of .62 on; brightness adds .1 at severity 2 and .15 at severity 3.
        using var scope = torch.NewDisposeScope();
        var bounds = InputBounds.Uniform(-1, 1);
        var model = ScoresOnly.Binary(torch.full(64, 1.0 / 64, dtype: torch.float32), -0.24, Shape, bounds);
        Tensor x = torch.zeros(3, 1, 8, 8);
        using AttackResult two = new CorruptionAttack(new() { Corruption = "brightness", Severity = 2 }).Run(model, x, Zeros(3));
        using AttackResult three = new CorruptionAttack(new() { Corruption = "brightness", Severity = 3 }).Run(new LabelsOnly(model), x, Zeros(3));
        Assert.Equal(0, two.SuccessRate);
        Assert.Equal(1, three.SuccessRate);
        Assert.All(two.QueriesPerSample, q => Assert.Equal(2, q)); // there is one brightness only
        Assert.All(three.PerturbationNorms, size => Assert.Equal(0.3, size, 1e-5)); // .15 of a width of 2
        Assert.True(double.IsPositiveInfinity(three.Epsilon));
    }

    [Fact]
    public void The_worst_of_several_draws_counts()
    {
        // Class 1 where pixel 0 is above .55; noise of σ .1 around .5 reaches it with p = .3085.
        using var scope = torch.NewDisposeScope();
        Tensor w = torch.zeros(64);
        w[0] = 1;
        var model = ScoresOnly.Binary(w, -0.55, Shape, InputBounds.Unit);
        const int Count = 400;
        Tensor x = torch.full([Count, 1, 8, 8], 0.5, dtype: torch.float32);
        // Equal inputs have equal draws: a pixel that the model does not look at tells them apart.
        x.select(3, 7).select(2, 7).copy_(torch.linspace(0, 1, Count).unsqueeze(1));
        double Broken(int draws)
        {
            using AttackResult result = new CorruptionAttack(new() { Severity = 5, Draws = draws }).Run(model, x, Zeros(Count));
            Assert.All(result.Success.Zip(result.QueriesPerSample), s => Assert.True(s.First || s.Second == 1 + draws));
            return result.SuccessRate;
        }

        double Expected(int draws) => 1 - Math.Pow(1 - 0.3085, draws);
        foreach (int draws in new[] { 1, 3, 10 })
            Assert.Equal(Expected(draws), Broken(draws), 5 * Math.Sqrt(Expected(draws) * (1 - Expected(draws)) / Count) + 1e-3);
        // Draws belong to the samples, whatever the batches.
        using AttackResult whole = new CorruptionAttack(new() { Draws = 2, Severity = 5 }).Run(model, x, Zeros(Count));
        using AttackResult parts = new CorruptionAttack(new() { Draws = 2, Severity = 5, BatchSize = 33 }).Run(model, x, Zeros(Count));
        Assert.True(whole.Adversarials.eq(parts.Adversarials).all().item<bool>());
    }

    [Theory]
    [InlineData(Norm.LInf, false)]
    [InlineData(Norm.L2, true)]
    [InlineData(Norm.L1, false)]
    public void Noise_stays_in_the_ball_and_is_drawn_as_often_as_asked(Norm norm, bool onSphere)
    {
        using var scope = torch.NewDisposeScope();
        Tensor w = Random(1, 64);
        var model = ScoresOnly.Binary(w, 0, Shape, InputBounds.Unbounded);
        Tensor x = Random(2, 40, 1, 8, 8);
        Tensor labels = model.Predict(x);
        using AttackResult result = new NoiseAttack(new() { Norm = norm, Epsilon = 1, Draws = 20, OnSphere = onSphere }).Run(model, x, labels);
        Assert.All(result.PerturbationNorms, size => Assert.InRange(size, 0, 1.0001));
        Assert.All(result.Success.Zip(result.QueriesPerSample), s => Assert.True(s.First ? s.Second <= 21 : s.Second == 21));
        if (onSphere)
            Assert.All(result.PerturbationNorms, size => Assert.Equal(1, size, 1e-4));
        Assert.Equal(result.Success, model.Predict(result.Adversarials).ne(labels).data<bool>().ToArray());
    }

    [Fact]
    public void What_no_norm_bounds_takes_no_radius()
    {
        Assert.Equal("epsilon", Assert.Throws<OptionsException>(() => new SpatialAttack(new() { Epsilon = 0.3 })).Option);
        Assert.Equal("epsilon", Assert.Throws<OptionsException>(() => new CorruptionAttack().WithEpsilon(0.3)).Option);
        Assert.Equal("severity", Assert.Throws<OptionsException>(() => new CorruptionAttack(new() { Severity = 6 })).Option);
        Assert.Equal("draws", Assert.Throws<OptionsException>(() => new CorruptionAttack(new() { Draws = 0 })).Option);
        Assert.Equal("granularity", Assert.Throws<OptionsException>(() => new SpatialAttack(new() { Granularity = 0 })).Option);
        Assert.Contains("did you mean 'fog'", Assert.Throws<NotFoundException>(() => new CorruptionAttack(new() { Corruption = "frog" })).Message, StringComparison.Ordinal);
        using var scope = torch.NewDisposeScope();
        var model = ScoresOnly.Binary(Random(1, 64), 0, Shape, InputBounds.Unbounded);
        Assert.Equal("bounds", Assert.Throws<OptionsException>(() => new SpatialAttack().Run(model, torch.zeros(1, 1, 8, 8), model.Predict(torch.zeros(1, 1, 8, 8)))).Option);
        var flat = ScoresOnly.Binary(Random(1, 64), 0, [64], InputBounds.Unit);
        Assert.Throws<ShapeException>(() => new CorruptionAttack().Run(flat, torch.zeros(1, 64), flat.Predict(torch.zeros(1, 64))));
    }

    [Fact]
    public void No_tensors_are_left_behind()
    {
        using var scope = torch.NewDisposeScope();
        var model = new ScoresOnly(Random(1, 3, 64), Random(2, 3), Shape, InputBounds.Unit);
        Tensor x = Random(3, 20, 1, 8, 8).sigmoid();
        Tensor labels = model.Predict(x);
        foreach (Attack attack in new Attack[] { new SpatialAttack(), new CorruptionAttack(), new NoiseAttack() })
        {
            using (attack.Run(model, x, labels)) { }
            DisposeScopeManager.Statistics.Reset();
            using (attack.Run(model, x, labels)) { }
            Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
    }

    [Fact]
    public void The_catalogue_has_them_by_name()
    {
        foreach (string name in (string[])["square", "spsa", "simba", "sparse-rs", "noise", "hop-skip-jump", "boundary", "blend", "spatial", .. CorruptionCatalog.All.Select(c => c.Name)])
        {
            AttackInfo info = AttackCatalog.Find(name);
            Attack attack = info.Create(new StageSettings(info.Norms[^1], 2));
            Assert.Equal(info.Access, attack.Access);
            Assert.Equal(info.IsBounded, double.IsFinite(attack.Options.Epsilon));
        }

        CompositeAttack unrestricted = AttackPolicy.CaaUnrestricted.Build(epsilon: 16 / 255.0);
        Assert.True(double.IsPositiveInfinity(unrestricted.Options.Epsilon));
        Assert.Equal(16 / 255.0, unrestricted.Options.Stages[2].Options.Epsilon, 1e-12);
    }
}
