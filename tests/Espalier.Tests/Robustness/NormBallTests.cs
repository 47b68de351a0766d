using Espalier.Robustness;

namespace Espalier.Tests.Robustness;

public sealed class NormBallTests
{
    [Fact]
    public void Samples_are_uniform_in_the_ball()
    {
        // Uniform by volume: L-inf has variance r²/3 a feature; in L2, (|x|/r)^d is uniform on [0, 1].
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        Tensor like = torch.zeros(20_000, 3);
        Tensor cube = NormBall.Of(Norm.LInf).Sample(like, 2, generator);
        Assert.Equal(4 / 3.0, cube.pow(2).mean().ToDouble(), 0.02);
        Assert.InRange(cube.abs().max().ToDouble(), 1.99, 2);
        Tensor ball = NormBall.Of(Norm.L2).Sample(like, 2, generator);
        Tensor volume = (ball.norm(1) / 2).pow(3);
        Assert.InRange(volume.max().ToDouble(), 0.999, 1 + 1e-6);
        Assert.Equal(0.5, volume.mean().ToDouble(), 0.01);
        Assert.Equal(1 / 12.0, volume.var().ToDouble(), 0.002);
        Assert.InRange(ball.mean([0]).abs().max().ToDouble(), 0, 0.03);
    }
}
