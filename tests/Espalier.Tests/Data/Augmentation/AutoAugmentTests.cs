using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Tests.Data.Augmentation;

public sealed class AutoAugmentTests
{
    private static float[] Image(int seed, int channels = 3, int pixels = 64)
    {
        var random = new SplitMix64(seed, 1);
        float[] image = new float[channels * pixels];
        for (int i = 0; i < image.Length; i++)
            image[i] = random.NextBelow(256) / 255f;
        return image;
    }

    private static float[] Applied(AutoAugmentOperation operation, int magnitude, float[] image, int channels = 3, int height = 8, int width = 8, bool negative = false)
    {
        float[] copy = [.. image];
        new AutoAugment().Apply(operation, magnitude, 31, negative, copy, channels, height, width, 0);
        return copy;
    }

    [Theory]
    [InlineData(8, 255)]
    [InlineData(4, 0xf0)]
    [InlineData(1, 0x80)]
    public void Posterize_keeps_the_highest_bits(int bits, int mask)
    {
        float[] image = Image(1), posterized = [.. image];
        HistogramOperations.Posterize(posterized, bits);
        Assert.Equal(image.Select(v => (int)MathF.Round(v * 255) & mask), posterized.Select(v => (int)MathF.Round(v * 255)));
    }

    /// <summary>PIL's rule on a case small enough to follow: 512 pixels, two thirds of them dark, step = (512 - last bin) / 255 = 1.</summary>
    [Fact]
    public void Equalize_follows_the_cumulative_histogram()
    {
        float[] image = [.. Enumerable.Repeat(10 / 255f, 300), .. Enumerable.Repeat(20 / 255f, 100), .. Enumerable.Repeat(200 / 255f, 112)];
        HistogramOperations.Equalize(image, 1);
        Assert.Equal(0, image[0]);                                  // nothing is darker
        Assert.Equal(1, image[300]);                                // 300 steps are more than 255
        Assert.Equal(1, image[400]);
        float[] ramp = [.. Enumerable.Range(0, 256).SelectMany(v => Enumerable.Repeat(v / 255f, 4))], before = [.. ramp];
        HistogramOperations.Equalize(ramp, 1);
        Assert.All(ramp.Zip(before), pair => Assert.Equal(pair.Second, pair.First, 1.01f / 255));
    }

    [Fact]
    public void AutoContrast_reaches_both_ends_of_each_channel()
    {
        float[] image = [0.2f, 0.4f, 0.6f, 0.5f, 0.5f, 0.5f];
        HistogramOperations.AutoContrast(image, 2);
        Assert.Equal([0, 0.5f, 1, 0.5f, 0.5f, 0.5f], image.Select(v => MathF.Round(v, 5)));
    }

    [Fact]
    public void Without_strength_the_scaled_operations_change_nothing()
    {
        float[] image = Image(2);
        foreach (AutoAugmentOperation operation in new[]
        {
            AutoAugmentOperation.ShearX, AutoAugmentOperation.ShearY, AutoAugmentOperation.TranslateX, AutoAugmentOperation.TranslateY,
            AutoAugmentOperation.Rotate, AutoAugmentOperation.Brightness, AutoAugmentOperation.Color, AutoAugmentOperation.Contrast, AutoAugmentOperation.Sharpness, AutoAugmentOperation.Posterize,
        })
        {
            float[] after = Applied(operation, 0, image);
            Assert.True(image.Zip(after).All(p => Math.Abs(p.First - p.Second) < 1e-5), operation.ToString());
        }
    }

    [Fact]
    public void A_shift_moves_by_torchvisions_share_of_the_width()
    {
        // Strength 30 of 30 moves by 150/331 of 331 columns.
        float[] image = [.. Enumerable.Range(0, 331).Select(x => x / 400f)];
        float[] right = Applied(AutoAugmentOperation.TranslateX, 30, image, 1, 1, 331);
        Assert.Equal(0, right[100]);
        Assert.Equal(image[50], right[200], 1e-5f);
        float[] left = Applied(AutoAugmentOperation.TranslateX, 30, image, 1, 1, 331, negative: true);
        Assert.Equal(image[200], left[50], 1e-5f);
    }

    [Fact]
    public void Sharpness_blends_with_the_smoothed_image()
    {
        float[] image = new float[25];
        image[12] = 0.5f;
        float[] sharp = Applied(AutoAugmentOperation.Sharpness, 30, image, 1, 5, 5, negative: true);     // factor 0.1
        Assert.Equal(0.1f * 0.5f + 0.9f * (5 * 0.5f / 13), sharp[12], 1e-6f);
        Assert.Equal(0.9f * (0.5f / 13), sharp[6], 1e-6f);
        Assert.Equal(0, sharp[0]);
    }

    [Theory]
    [InlineData(AutoAugmentPolicy.ImageNet, 3)]
    [InlineData(AutoAugmentPolicy.RandAugment, 3)]
    [InlineData(AutoAugmentPolicy.RandAugment, 1)]
    public void Views_stay_in_bounds_and_follow_the_seed(AutoAugmentPolicy policy, int channels)
    {
        using var scope = torch.NewDisposeScope();
        var options = new AugmentationOptions { AutoAugment = new() { Policy = policy, Magnitude = 20 } };
        Tensor images = torch.rand(64, channels, 12, 10);
        Tensor first = new ImageAugmenter(options, 1).Apply(images, 0, 0), again = new ImageAugmenter(options, 1, threads: 1).Apply(images, 0, 0), other = new ImageAugmenter(options, 2).Apply(images, 0, 0);
        Assert.Equal(first, again);
        Assert.NotEqual(0, (first - other).abs().max().item<float>());
        Assert.InRange(first.min().item<float>(), 0, 1);
        Assert.InRange(first.max().item<float>(), 0, 1);
        Assert.True((first - images).abs().amax([1, 2, 3]).gt(1e-3).to(torch.float32).mean().item<float>() > 0.5);
        Assert.Throws<ShapeException>(() => new ImageAugmenter(options, 1).Apply(torch.rand(1, 2, 8, 8), 0, 0));
    }
}
