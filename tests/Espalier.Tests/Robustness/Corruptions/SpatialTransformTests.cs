using Espalier.Errors;
using Espalier.Robustness.Corruptions;

namespace Espalier.Tests.Robustness.Corruptions;

public sealed class SpatialTransformTests
{
    private static Tensor Images(params long[] shape)
    {
        using var generator = new torch.Generator(1);
        return torch.rand(shape, generator: generator);
    }

    [Fact]
    public void Nothing_turns_nothing()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(2, 3, 7, 10);
        Assert.True(new SpatialTransform(0, 0, 0).Apply(images).eq(images).all().item<bool>());
    }

    [Theory]
    [InlineData(90, 1)]
    [InlineData(180, 2)]
    [InlineData(-90, 3)]
    public void A_right_angle_is_rot90(double degrees, long turns)
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(2, 3, 8, 8);
        Assert.True(new SpatialTransform(degrees, 0, 0).Apply(images).eq(torch.rot90(images, turns, (2, 3))).all().item<bool>());
    }

    [Fact]
    public void Whole_pixels_shift_and_nothing_comes_in()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(2, 1, 8, 9);
        Tensor moved = new SpatialTransform(0, 3, -2).Apply(images);
        Assert.True(moved.narrow(2, 0, 6).narrow(3, 3, 6).eq(images.narrow(2, 2, 6).narrow(3, 0, 6)).all().item<bool>());
        Assert.Equal(0, moved.narrow(3, 0, 3).abs().sum().ToDouble());
        Assert.Equal(0, moved.narrow(2, 6, 2).abs().sum().ToDouble());
        Assert.Equal(0, new SpatialTransform(0, 50, 0).Apply(images).abs().sum().ToDouble());
    }

    [Fact]
    public void Between_pixels_it_is_the_sampler_of_the_library()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(2, 2, 9, 9);
        const double Degrees = 23;
        (double sin, double cos) = Math.SinCos(Degrees * Math.PI / 180);
        // grid_sample's corners are pixels' centres here, 4 pixels from the middle; the shift comes after the rotation.
        (double x, double y) = (1.5 / 4, -.75 / 4);
        Tensor theta = torch.tensor(new[] { cos, -sin, (sin * y) - (cos * x), sin, cos, (-cos * y) - (sin * x) }, dtype: torch.float32).view(1, 2, 3).repeat(2, 1, 1);
        Tensor grid = torch.nn.functional.affine_grid(theta, [2, 2, 9, 9], align_corners: true);
        Tensor expected = torch.nn.functional.grid_sample(images, grid, align_corners: true);
        Tensor found = new SpatialTransform(Degrees, 1.5, -.75).Apply(images);
        Assert.InRange((found - expected).abs().max().ToDouble(), 0, 1e-5);
    }

    [Fact]
    public void What_cannot_be_turned_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        Assert.Throws<OptionsException>(() => new SpatialTransform(double.NaN, 0, 0).Apply(Images(1, 1, 4, 4)));
        Assert.Throws<OptionsException>(() => new SpatialTransform(0, double.PositiveInfinity, 0).Apply(Images(1, 1, 4, 4)));
        Assert.Throws<ShapeException>(() => new SpatialTransform(0, 0, 0).Apply(Images(4, 4)));
    }
}
