using Espalier.Data.Augmentation;

namespace Espalier.Tests.Data.Augmentation;

public sealed class ColorOperationsTests
{
    // Five pixels, one row per channel. The expected values were computed by numpy from torchvision's definitions
    // (adjust_brightness, adjust_contrast, adjust_saturation, rgb_to_grayscale), the hues by Python's colorsys.
    private static readonly float[] Pixels = [.9f, .2f, .35f, .5f, .05f, .1f, .6f, .35f, .4f, .95f, .3f, .8f, .35f, .1f, .9f];

    [Fact]
    public void Brightness_is_torchvisions() => Check(
        image => ColorOperations.Brightness(image, 1.3f),
        [1.0, 0.26, 0.455, 0.65, 0.065, 0.13, 0.78, 0.455, 0.52, 1.0, 0.39, 1.0, 0.455, 0.13, 1.0]);

    [Fact]
    public void Contrast_is_torchvisions() => Check(
        image => ColorOperations.Contrast(image, 3, 1.4f),
        [1.0, 0.097128, 0.307128, 0.517128, 0.0, 0.0, 0.657128, 0.307128, 0.377128, 1.0, 0.237128, 0.937128, 0.307128, 0.0, 1.0]);

    [Fact]
    public void Saturation_is_torchvisions() => Check(
        image => ColorOperations.Saturation(image, .6f),
        [0.684764, 0.321272, 0.349986, 0.45826, 0.300078, 0.204764, 0.561272, 0.349986, 0.39826, 0.840078, 0.324764, 0.681272, 0.349986, 0.21826, 0.810078]);

    [Fact]
    public void Grey_is_torchvisions() => Check(
        ColorOperations.Gray,
        [.. Enumerable.Repeat(new[] { 0.36191, 0.50318, 0.349965, 0.39565, 0.675195 }, 3).SelectMany(g => g)]);

    [Fact]
    public void Hue_turns_forward_as_in_colorsys() => Check(
        image => ColorOperations.Hue(image, .1f),
        [0.9, 0.2, 0.35, 0.36, 0.05, 0.38, 0.24, 0.35, 0.5, 0.46, 0.1, 0.8, 0.35, 0.1, 0.95]);

    [Fact]
    public void Hue_turns_backward_as_in_colorsys() => Check(
        image => ColorOperations.Hue(image, -.35f),
        [0.1, 0.66, 0.35, 0.36, 0.95, 0.38, 0.8, 0.35, 0.1, 0.81, 0.9, 0.2, 0.35, 0.5, 0.05]);

    [Fact]
    public void A_third_of_a_turn_permutes_the_channels()
    {
        foreach (int pixels in new[] { 1, 7, 8, 29 })
        {
            var random = new Random(pixels);
            float[] image = [.. Enumerable.Range(0, 3 * pixels).Select(_ => random.NextSingle())];
            float[] turned = [.. image];
            ColorOperations.Hue(turned, 1 / 3f);
            for (int i = 0; i < 3 * pixels; i++)
                Assert.Equal(image[(i + (2 * pixels)) % (3 * pixels)], turned[i], 2e-6f);
        }
    }

    [Fact]
    public void Contrast_of_one_channel_keeps_the_mean()
    {
        float[] image = [.. Enumerable.Range(0, 37).Select(i => .3f + (.01f * i))];
        float[] changed = [.. image];
        ColorOperations.Contrast(changed, 1, .5f);
        Assert.Equal(image.Average(), changed.Average(), 1e-6);
        Assert.Equal((image[36] - image[0]) / 2, changed[36] - changed[0], 1e-6f);
    }

    [Fact]
    public void Solarizing_inverts_what_reaches_the_threshold()
    {
        float[] image = [.. Enumerable.Range(0, 21).Select(i => i / 20f)];
        float[] expected = [.. image.Select(x => x >= .5f ? 1 - x : x)];
        ColorOperations.Solarize(image, .5f);
        Assert.Equal(expected, image);
        Assert.Equal(.5f, image.Max());
    }

    private static void Check(ImageOperation operation, double[] expected)
    {
        // Once as five pixels (the remainder's path) and once repeated to 20 (whole vectors as well).
        foreach (int copies in new[] { 1, 4 })
        {
            float[] image = [.. Enumerable.Range(0, 3).SelectMany(c => Enumerable.Repeat(Pixels[(5 * c)..(5 * (c + 1))], copies).SelectMany(p => p))];
            operation(image);
            for (int i = 0; i < image.Length; i++)
                Assert.Equal(expected[(5 * (i / (5 * copies))) + (i % 5)], image[i], 2e-6);
        }
    }

    private delegate void ImageOperation(Span<float> image);
}
