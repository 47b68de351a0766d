using Espalier.Errors;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Layers;

namespace Espalier.Tests.Networks;

public sealed class DropPathTests
{
    [Fact]
    public void Whole_samples_are_dropped_and_the_mean_is_kept()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(1);
        using var drop = new DropPath(0.2);
        Tensor branch = torch.ones(20_000, 2, 3);
        Tensor output = drop.call(branch);
        Assert.Equal(1, output.mean().ToDouble(), 0.01);
        Tensor perSample = output.reshape(20_000, 6);
        Assert.True(perSample.eq(perSample.narrow(1, 0, 1)).all().item<bool>());
        Assert.Equal([0f, 1.25f], output.unique().output.data<float>().ToArray());
        drop.eval();
        Assert.Same(branch, drop.call(branch));
    }

    [Fact]
    public void The_probability_may_grow_with_depth()
    {
        var options = new GmlpVisionOptions
        {
            ImageHeight = 4,
            ImageWidth = 4,
            Channels = 1,
            Classes = 2,
            PatchSize = 2,
            DModel = 4,
            DFfn = 8,
            Layers = 5,
            SurvivalProbability = 0.8,
        };
        using var constant = new GmlpVision(options);
        using var linear = new GmlpVision(options with { DropPathMode = DropPathMode.LinearByDepth });
        Assert.All(constant.Blocks, block => Assert.Equal(0.2, block.DropPath.DropProbability, 1e-12));
        double[] expected = [0, 0.05, 0.1, 0.15, 0.2];
        Assert.All(expected.Zip(linear.Blocks), pair => Assert.Equal(pair.First, pair.Second.DropPath.DropProbability, 1e-12));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    public void Other_probabilities_are_refused(double probability) =>
        Assert.Throws<OptionsException>(() => new DropPath(probability));
}
