using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness;

public sealed class PerturbationRegionTests
{
    private sealed record Options : PerturbationOptions;

    private static AttackedBatch Batch(Tensor clean, Norm norm, double epsilon, IReadOnlyList<double>? scales = null)
    {
        int features = (int)clean.shape[1];
        var model = new LinearClassifier(torch.zeros(2, features), torch.zeros(2), InputBounds.Unit);
        long count = clean.shape[0];
        return new AttackedBatch(new AttackTarget(model, new QueryMeter()), clean, torch.zeros(count, dtype: torch.int64), null,
            [.. Enumerable.Range(0, (int)count).Select(i => (long)i)], new Options { Norm = norm, Epsilon = epsilon, FeatureScales = scales, Seed = 3 }, default);
    }

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.rand(shape, generator: generator);
    }

    [Theory]
    [InlineData(Norm.LInf)]
    [InlineData(Norm.L2)]
    [InlineData(Norm.L1)]
    public void Projections_are_idempotent_and_end_inside_both_balls_and_the_box(Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        Tensor clean = Random(1, 1000, 7);
        AttackedBatch batch = Batch(clean, norm, 0.5);
        Tensor start = (clean + (Random(2, 1000, 7) - 0.5) * 0.1).clamp(0, 1);
        batch.BeginStage(0, "test", start, 0);
        using ActiveSamples active = batch.Activate(0.3)!;
        Tensor wild = Random(3, 1000, 7) * 4 - 1.5;
        Tensor inside = active.Region.Project(wild);
        Assert.InRange((active.Region.Project(inside) - inside).abs().max().ToDouble(), 0, 2e-6);
        Assert.InRange(Perturbations.Size(norm, inside - start).max().ToDouble(), 0.29, 0.3 + 2e-6);
        Assert.InRange(Perturbations.Size(norm, inside - clean).max().ToDouble(), 0, 0.5 + 2e-6);
        Assert.InRange(inside.min().ToDouble(), 0, 1);
        Assert.InRange(inside.max().ToDouble(), 0, 1);
    }

    [Theory]
    [InlineData(Norm.LInf)]
    [InlineData(Norm.L1)]
    public void No_point_of_the_region_is_nearer(Norm norm)
    {
        // The Euclidean projection onto ball and box together: no other member of the set is nearer to what was projected.
        using var scope = torch.NewDisposeScope();
        Tensor clean = Random(4, 1, 5);
        AttackedBatch batch = Batch(clean, norm, 0.4);
        using ActiveSamples active = batch.Activate(0.4)!;
        Tensor wild = Random(5, 1, 5) * 3 - 1;
        double reached = (active.Region.Project(wild) - wild).norm().ToDouble();
        Tensor others = (clean + (Random(6, 50_000, 5) - 0.5) * 1.6).clamp(0, 1);
        Tensor members = others.index_select(0, Perturbations.Size(norm, others - clean).le(0.4).nonzero().flatten());
        Assert.True(members.shape[0] > 100);
        Assert.True((members - wild).norm(1).min().ToDouble() >= reached - 1e-5);
    }

    [Fact]
    public void Draws_are_uniform_in_the_ball()
    {
        // Uniform by volume: L-inf has variance r²/3 a feature; in L2 and L1, (|x|/r)^d is uniform on [0, 1].
        using var scope = torch.NewDisposeScope();
        Tensor like = torch.full([20_000, 3], 0.5);
        Tensor Draw(Norm norm)
        {
            AttackedBatch batch = Batch(like, norm, 2);
            using ActiveSamples active = batch.Activate(2)!;
            return active.Region.Draw(like, 2, batch.Random(active, 0));
        }

        Tensor cube = Draw(Norm.LInf);
        Assert.Equal(4 / 3.0, cube.pow(2).mean().ToDouble(), 0.02);
        Assert.InRange(cube.abs().max().ToDouble(), 1.99, 2);
        foreach (Norm norm in (Norm[])[Norm.L2, Norm.L1])
        {
            Tensor ball = Draw(norm);
            Tensor volume = (Perturbations.Size(norm, ball) / 2).pow(3);
            Assert.InRange(volume.max().ToDouble(), 0.999, 1 + 1e-5);
            Assert.Equal(0.5, volume.mean().ToDouble(), 0.01);
            Assert.Equal(1 / 12.0, volume.var().ToDouble(), 0.002);
            Assert.InRange(ball.mean([0]).abs().max().ToDouble(), 0, 0.03);
        }
    }

    [Theory]
    [InlineData(Norm.LInf)]
    [InlineData(Norm.L2)]
    [InlineData(Norm.L1)]
    public void Scales_stretch_the_ball_and_zero_holds_a_feature(Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        Tensor clean = torch.full([200, 4], 0.5);
        double[] scales = [1, 2, 0, 0.5];
        AttackedBatch batch = Batch(clean, norm, 0.1, scales);
        using ActiveSamples active = batch.Activate(0.1)!;
        Tensor inside = active.Region.Project(Random(7, 200, 4) * 4 - 1.5) - clean;
        Assert.Equal(0, inside.select(1, 2).abs().max().ToDouble());
        Tensor units = inside / torch.tensor(new[] { 1f, 2f, 1f, 0.5f });
        Assert.InRange(Perturbations.Size(norm, units).max().ToDouble(), 0.09, 0.1 + 1e-6);

        // One unit of the steepest direction gains at least what any other unit of the ball gains.
        Tensor gradient = Random(8, 200, 4) - 0.5;
        Tensor steepest = active.Region.Steepest(gradient);
        Assert.Equal(0, steepest.select(1, 2).abs().max().ToDouble());
        Tensor other = active.Region.DrawOnSphere(clean, 1, batch.Random(active, 1));
        Assert.InRange(Perturbations.Size(norm, steepest / torch.tensor(new[] { 1f, 2f, 1f, 0.5f })).max().ToDouble(), 1 - 1e-4, 1 + 1e-4);
        Assert.True((gradient * steepest).sum([1]).ge((gradient * other).sum([1]) - 1e-5).all().item<bool>());
    }
}
