using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>Convolution with a disk, its rim smoothed.</summary>
internal sealed class DefocusBlur() : GradedCorruption<(double Radius, double AliasSigma)>("defocus-blur", isRandom: false,
    imageNet: [(3, .1), (4, .5), (6, .5), (8, .5), (10, .5)],
    cifar: [(.3, .4), (.4, .5), (.5, .6), (1, .2), (1.5, .1)])
{
    protected override void Corrupt(Span<float> image, ImageSize size, (double Radius, double AliasSigma) setting, ref SplitMix64 random) =>
        PlaneFilter.Correlate(image, size, Disk(setting.Radius, setting.AliasSigma), Border.Mirror);

    /// <summary>The kernel, [side, side], side odd; its weights sum to one.</summary>
    public static float[,] Disk(double radius, double aliasSigma)
    {
        int rim = radius <= 8 ? 1 : 2;
        int reach = (int)Math.Ceiling(radius) + rim;
        var size = new ImageSize(1, (2 * reach) + 1, (2 * reach) + 1);
        float[] disk = new float[size.Plane];
        for (int y = -reach; y <= reach; y++)
        {
            for (int x = -reach; x <= reach; x++)
                disk[((y + reach) * size.Width) + x + reach] = (x * x) + (y * y) <= radius * radius ? 1 : 0;
        }

        float sum = disk.Sum();
        PlaneFilter.Separable(disk, size, PlaneFilter.GaussianWeights(aliasSigma, rim), Border.Replicate);
        float[,] kernel = new float[size.Height, size.Width];
        for (int i = 0; i < disk.Length; i++)
            kernel[i / size.Width, i % size.Width] = disk[i] / sum;
        return kernel;
    }
}
