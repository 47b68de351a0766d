using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Vision;

namespace Espalier.Tests.Networks;

public sealed class ParameterMatcherTests
{
    private static readonly ModelOptions Reference = new() { Gmlp = new() { PatchSize = 4, DModel = 64, DFfn = 384, Layers = 6, InputMean = [0.13], InputStd = [0.31] } };

    [Theory]
    [InlineData("gmlp")]
    [InlineData("vit")]
    [InlineData("mixer")]
    [InlineData("resmlp")]
    [InlineData("resnet")]
    [InlineData("mlp")]
    public void Every_family_comes_within_two_percent(string family)
    {
        long target = ParameterMatcher.Count(Reference, [1, 28, 28], 10);
        Assert.Equal(243_510, target);
        ModelOptions matched = ParameterMatcher.Match(family, Reference, [1, 28, 28], 10);
        Assert.Equal(family, matched.Name);
        Assert.InRange((double)ParameterMatcher.Count(matched, [1, 28, 28], 10) / target, 0.98, 1.02);
    }

    [Fact]
    public void The_reference_family_stays_as_it_is()
    {
        Assert.Equivalent(Reference.Gmlp, ParameterMatcher.Match("gmlp", Reference, [1, 28, 28], 10).Gmlp);
        VitOptions vit = ParameterMatcher.Match("vit", Reference, [1, 28, 28], 10).Vit;
        Assert.Equal(4, vit.PatchSize);
        Assert.Equal([0.13], vit.InputMean);
        Assert.Equal(0, vit.DModel % vit.Heads);
    }

    [Fact]
    public void What_cannot_be_matched_is_said()
    {
        Assert.Throws<NotFoundException>(() => ParameterMatcher.Match("bert", Reference, [1, 28, 28], 10));
        Assert.Throws<OptionsException>(() => ParameterMatcher.Match("resnet", new ModelOptions { Name = "mlp", Mlp = new() { HiddenSizes = [1] } }, [1, 4, 4], 2));
    }
}
