using Espalier.Data.Augmentation;
using static TorchSharp.torch.nn;

namespace Espalier.Tests.Data.Augmentation;

public sealed class SeparableBlurTests
{
    [Theory]
    [InlineData(1, .5)]
    [InlineData(3, .1)]
    [InlineData(23, 2)]
    public void The_kernel_sums_to_one_and_is_a_gaussian(int size, double sigma)
    {
        float[] kernel = new float[size];
        SeparableBlur.Fill(sigma, kernel);
        Assert.Equal(1, kernel.Sum(k => (double)k), 1e-6);
        for (int i = 0; i < size; i++)
            Assert.Equal(Math.Exp(-Math.Pow(i - (size / 2), 2) / (2 * sigma * sigma)), kernel[i] / kernel[size / 2], 1e-6);
    }

    [Theory]
    [InlineData(5, 1.3, 9, 12)]
    [InlineData(7, .8, 4, 21)]
    public void It_equals_libtorchs_convolution_of_the_mirrored_image(int size, double sigma, int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        Tensor image = torch.rand(3, 1, height, width, generator: new torch.Generator(8));
        Tensor x = torch.arange(size, dtype: torch.float64) - (size / 2);
        Tensor line = (x * x / (-2 * sigma * sigma)).exp();
        Tensor kernel = line.outer(line);
        kernel = (kernel / kernel.sum()).to(torch.float32).view(1, 1, size, size);
        int radius = size / 2;
        Tensor expected = functional.conv2d(functional.pad(image, [radius, radius, radius, radius], PaddingModes.Reflect), kernel);
        float[] blurred = image.data<float>().ToArray();
        new SeparableBlur().Apply(blurred, height, width, size, sigma);
        float[] reference = expected.contiguous().data<float>().ToArray();
        for (int i = 0; i < reference.Length; i++)
            Assert.Equal(reference[i], blurred[i], 2e-6f);
    }
}
