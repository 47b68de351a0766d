using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>
/// A trail of 2·radius + 1 pixels with weights exp(-i²/2σ²), in a direction drawn from -45 to 45 degrees (ImageMagick's
/// motion blur).
/// </summary>
internal sealed class MotionBlur() : GradedCorruption<(int Radius, double Sigma)>("motion-blur", isRandom: true,
    imageNet: [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)],
    cifar: [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)])
{
    protected override void Corrupt(Span<float> image, ImageSize size, (int Radius, double Sigma) setting, ref SplitMix64 random) =>
        PlaneFilter.Correlate(image, size, Trail(setting.Radius, setting.Sigma, random.NextBetween(-45, 45)), Border.Replicate);

    /// <summary>The kernel, [4·radius + 1, 4·radius + 1]; its weights sum to one.</summary>
    public static float[,] Trail(int radius, double sigma, double degrees)
    {
        int length = (2 * radius) + 1, reach = length - 1;
        (double sin, double cos) = Math.SinCos(degrees * Math.PI / 180);
        double[] weights = [.. Enumerable.Range(0, length).Select(i => Math.Exp(-i * i / (2 * sigma * sigma)))];
        double sum = weights.Sum();
        float[,] kernel = new float[(2 * reach) + 1, (2 * reach) + 1];
        for (int i = 0; i < length; i++)
            kernel[reach + (int)Math.Ceiling((i * sin) - .5), reach + (int)Math.Ceiling((i * cos) - .5)] += (float)(weights[i] / sum);
        return kernel;
    }
}
