using System.Runtime.InteropServices;
using Espalier.Data.Augmentation;
using static TorchSharp.torch.nn;

namespace Espalier.Tests.Data.Augmentation;

public sealed class BilinearResamplerTests
{
    [Theory]
    [InlineData(EdgePadding.Replicate, torch.GridSamplePaddingMode.Border)]
    [InlineData(EdgePadding.Fill, torch.GridSamplePaddingMode.Zeros)]
    public void A_crop_with_flip_equals_libtorchs_grid_sample(EdgePadding padding, torch.GridSamplePaddingMode mode)
    {
        PixelMap map = PixelMap.Crop(1.3, 2.1, 7.7, 5.2, 11, 8).Flipped(11);
        Compare(map, padding, mode, 12, 10, 8, 11);
    }

    [Theory]
    [InlineData(EdgePadding.Replicate, torch.GridSamplePaddingMode.Border)]
    [InlineData(EdgePadding.Fill, torch.GridSamplePaddingMode.Zeros)]
    public void An_affine_view_equals_libtorchs_grid_sample(EdgePadding padding, torch.GridSamplePaddingMode mode)
    {
        PixelMap map = PixelMap.Crop(-.4, .2, 10, 11, 9, 13).Flipped(9).After(.7, 1.2, .3, 1.5, -2.25, 10, 12);
        Compare(map, padding, mode, 12, 10, 13, 9);
    }

    [Fact]
    public void The_whole_chain_of_crop_flip_and_affine_is_the_product_of_its_matrices()
    {
        // Homogeneous matrices of pixel coordinates, multiplied and inverted by libtorch.
        const int width = 10, height = 12, outWidth = 9;
        (double angle, double scale, double shear, double shiftX, double shiftY) = (.7, 1.2, .3, 1.5, -2.25);
        using var scope = torch.NewDisposeScope();
        Tensor centre = Matrix(1, 0, (width - 1) / 2.0, 0, 1, (height - 1) / 2.0);
        Tensor rotation = Matrix(scale * Math.Cos(angle), -scale * Math.Sin(angle), 0, scale * Math.Sin(angle), scale * Math.Cos(angle), 0);
        Tensor shearing = Matrix(1, -Math.Tan(shear), 0, 0, 1, 0);
        Tensor forward = Matrix(1, 0, shiftX, 0, 1, shiftY).mm(centre).mm(rotation).mm(shearing).mm(centre.inverse());
        // Output pixel centres to box edges: (u + .5)·w/W + left - .5.
        (double sx, double sy) = (6.5 / outWidth, 4.5 / 8);
        Tensor crop = Matrix(sx, 0, (.5 * sx) + 2 - .5, 0, sy, (.5 * sy) + 1 - .5);
        Tensor flip = Matrix(-1, 0, outWidth - 1, 0, 1, 0);
        double[] expected = forward.inverse().mm(crop).mm(flip).flatten().data<double>().ToArray();

        PixelMap map = PixelMap.Crop(2, 1, 6.5, 4.5, outWidth, 8).Flipped(outWidth).After(angle, scale, shear, shiftX, shiftY, width, height);
        double[] actual = [map.Xu, map.Xv, map.X0, map.Yu, map.Yv, map.Y0];
        for (int i = 0; i < 6; i++)
            Assert.Equal(expected[i], actual[i], 12);

        static Tensor Matrix(double a, double b, double c, double d, double e, double f) => torch.tensor(new[] { a, b, c, d, e, f, 0, 0, 1 }).view(3, 3);
    }

    [Fact]
    public void A_linear_ramp_stays_the_ramp()
    {
        const int height = 9, width = 7;
        float[] ramp = [.. Enumerable.Range(0, height * width).Select(i => (2.5f * (i % width)) - (1.25f * (i / width)) + 3)];
        foreach (PixelMap map in new[] { new PixelMap(.41, 0, 1.2, 0, .53, .9), new PixelMap(.31, .12, 1.2, -.22, .4, 2.5) })
        {
            float[] view = new float[8 * 6];
            new BilinearResampler().Resample(ramp, height, width, view, 8, 6, map, EdgePadding.Fill, -100);
            for (int i = 0; i < view.Length; i++)
            {
                (double x, double y) = ((map.Xu * (i % 6)) + (map.Xv * (i / 6)) + map.X0, (map.Yu * (i % 6)) + (map.Yv * (i / 6)) + map.Y0);
                Assert.Equal((2.5 * x) - (1.25 * y) + 3, view[i], 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(EdgePadding.Fill, PaddingModes.Constant)]
    [InlineData(EdgePadding.Replicate, PaddingModes.Replicate)]
    [InlineData(EdgePadding.Reflect, PaddingModes.Reflect)]
    public void A_shift_by_whole_pixels_equals_libtorchs_padding(EdgePadding padding, PaddingModes mode)
    {
        const int size = 6, pad = 3;
        using var scope = torch.NewDisposeScope();
        Tensor image = torch.rand(1, 2, size, size, generator: new torch.Generator(4));
        Tensor padded = functional.pad(image, [pad, pad, pad, pad], mode, mode == PaddingModes.Constant ? .25 : 0);
        for (int dy = -pad; dy <= pad; dy++)
        {
            for (int dx = -pad; dx <= pad; dx++)
            {
                float[] view = new float[2 * size * size];
                new BilinearResampler().Resample(image.data<float>().ToArray(), size, size, view, size, size, new PixelMap(1, 0, dx, 0, 1, dy), padding, .25f);
                float[] expected = padded.slice(2, pad + dy, pad + dy + size, 1).slice(3, pad + dx, pad + dx + size, 1).contiguous().data<float>().ToArray();
                Assert.Equal(expected, view);
            }
        }
    }

    [Fact]
    public void Beyond_the_border_lies_the_fill_value_and_half_a_pixel_out_its_mean_with_the_border()
    {
        float[] image = [1, 1, 1, 1];
        foreach (double tilt in new[] { 0, 1e-12 })
        {
            float[] view = new float[4];
            new BilinearResampler().Resample(image, 2, 2, view, 1, 4, new PixelMap(.5, 0, -1, tilt, 1, 0), EdgePadding.Fill, 3);
            Assert.Equal([3f, 2f, 1f, 1f], view);
        }
    }

    private static void Compare(PixelMap map, EdgePadding padding, torch.GridSamplePaddingMode mode, int height, int width, int outHeight, int outWidth)
    {
        using var scope = torch.NewDisposeScope();
        Tensor image = torch.rand(1, 3, height, width, generator: new torch.Generator(3));
        Tensor u = torch.arange(outWidth, dtype: torch.float64).view(1, -1), v = torch.arange(outHeight, dtype: torch.float64).view(-1, 1);
        // align_corners=false: -1 and 1 are the outer edges of the border pixels.
        Tensor x = (((map.Xu * u) + (map.Xv * v) + map.X0 + .5) * (2.0 / width)) - 1;
        Tensor y = (((map.Yu * u) + (map.Yv * v) + map.Y0 + .5) * (2.0 / height)) - 1;
        Tensor grid = torch.stack([x.expand(outHeight, outWidth), y.expand(outHeight, outWidth)], -1).unsqueeze(0).to(torch.float32);
        Tensor expected = functional.grid_sample(image, grid, torch.GridSampleMode.Bilinear, mode, align_corners: false);
        float[] view = new float[3 * outHeight * outWidth];
        new BilinearResampler().Resample(MemoryMarshal.Cast<byte, float>(image.bytes), height, width, view, outHeight, outWidth, map, padding, 0);
        float[] reference = expected.contiguous().data<float>().ToArray();
        for (int i = 0; i < view.Length; i++)
            Assert.Equal(reference[i], view[i], 1e-5f);
    }
}
