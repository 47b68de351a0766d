using Espalier.Errors;
using Espalier.Representation.Evaluation;

namespace Espalier.Tests.Representation;

public sealed class CollapseMonitorTests
{
    private static readonly CollapseMonitor Monitor = new(new());

    [Fact]
    public void Even_directions_have_spread_one_and_full_rank()
    {
        using var scope = torch.NewDisposeScope();
        CollapseReport cross = Monitor.Run(torch.cat([torch.eye(6), -torch.eye(6)]) * 3);
        Assert.Equal(1, cross.Spread, 1e-6); // each dimension: two of twelve entries are ±1, deviation 1/√6
        Assert.Equal(6, cross.EffectiveRank, 1e-6);
        Assert.False(cross.IsCollapsed);
        CollapseReport gaussian = Monitor.Run(torch.randn(4000, 16, generator: new torch.Generator(1)));
        Assert.Equal(1, gaussian.Spread, .01);
        Assert.InRange(gaussian.EffectiveRank, 15.9, 16);
    }

    [Fact]
    public void A_single_direction_is_collapse_whatever_its_length()
    {
        using var scope = torch.NewDisposeScope();
        CollapseReport report = Monitor.Run(torch.rand(40, 1, generator: new torch.Generator(1)).add(.1).mm(torch.rand(1, 9, generator: new torch.Generator(2))));
        Assert.Equal(0, report.Spread, 1e-5);
        Assert.Equal(1, report.EffectiveRank, 1e-3);
        Assert.True(report.IsCollapsed);
        Assert.Equal(9, report.Dimensions);
    }

    [Fact]
    public void The_effective_rank_is_that_of_the_singular_values_for_wide_and_tall_features()
    {
        using var scope = torch.NewDisposeScope();
        foreach ((int n, int d) in new[] { (30, 7), (7, 30) })
        {
            Tensor x = torch.randn(n, d, dtype: torch.float64, generator: new torch.Generator(4)) * torch.logspace(0, -3, d, dtype: torch.float64);
            double[] s = torch.linalg.svdvals(x).data<double>().ToArray();
            double entropy = -s.Sum(v => v / s.Sum() * Math.Log(v / s.Sum()));
            Assert.Equal(Math.Exp(entropy), Monitor.Run(x).EffectiveRank, 1e-6);
        }
    }

    [Fact]
    public void Features_that_cannot_be_used_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        Assert.Throws<DataException>(() => Monitor.Run(torch.rand(1, 4)));
        Assert.Throws<DataException>(() => Monitor.Run(torch.rand(3, 4) / 0.0));
        Assert.Throws<ShapeException>(() => Monitor.Run(torch.rand(4)));
        Assert.Throws<OptionsException>(() => new CollapseMonitor(new() { CollapsedBelow = 2 }));
    }
}
