using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>
/// Drops where blurred noise lies above a threshold: pale turquoise water that lies on the image with a lit side, or
/// brown mud that covers it.
/// </summary>
internal sealed class Spatter() : GradedCorruption<Spatter.Setting>("spatter", isRandom: true,
    imageNet: [new(.65, .3, 4, .69, .6, false), new(.65, .3, 3, .68, .6, false), new(.65, .3, 2, .68, .5, false), new(.65, .3, 1, .65, 1.5, true), new(.67, .4, 1, .65, 1.5, true)],
    cifar: [new(.62, .1, .7, .7, .5, false), new(.65, .1, .8, .7, .5, false), new(.65, .3, 1, .69, .5, false), new(.65, .1, .7, .69, .6, true), new(.65, .1, .5, .68, .6, true)])
{
    private static readonly float[] Water = [175 / 255f, 238 / 255f, 238 / 255f];
    private static readonly float[] Mud = [63 / 255f, 42 / 255f, 20 / 255f];

    protected override void Corrupt(Span<float> image, ImageSize size, Setting setting, ref SplitMix64 random)
    {
        ImageSize layer = size with { Channels = 1 };
        float[] liquid = new float[size.Plane];
        foreach (ref float value in liquid.AsSpan())
            value = (float)(setting.Mean + (setting.Deviation * random.NextNormal()));
        PlaneFilter.Gaussian(liquid, layer, setting.Sigma);
        foreach (ref float value in liquid.AsSpan())
            value = value < setting.Threshold ? 0 : value;
        float[] cover = setting.IsMud ? Opaque(liquid, layer, setting.Strength) : WaterDrops.Lit(liquid, layer, setting.Strength);
        for (int i = 0; i < image.Length; i++)
        {
            float share = cover[i % size.Plane];
            float kept = setting.IsMud ? 1 - share : 1;
            image[i] = (image[i] * kept) + (share * Color(setting.IsMud ? Mud : Water, size, i / size.Plane));
        }
    }

    private static float[] Opaque(float[] liquid, ImageSize size, double sigma)
    {
        float[] mask = [.. liquid.Select(value => value > 0 ? 1f : 0f)];
        PlaneFilter.Gaussian(mask, size, sigma);
        return [.. mask.Select(value => value < .8f ? 0 : value)];
    }

    // On a grey image, the colour's luma (ITU-R 601).
    private static float Color(float[] color, ImageSize size, int channel) =>
        size.IsGrey ? (.299f * color[0]) + (.587f * color[1]) + (.114f * color[2]) : color[channel];

    /// <param name="Mean">Of the noise.</param>
    /// <param name="Deviation">Of the noise.</param>
    /// <param name="Sigma">Of its blur, in pixels.</param>
    /// <param name="Threshold">Above it there is liquid.</param>
    /// <param name="Strength">How bright water is; how far mud is blurred, in pixels.</param>
    /// <param name="IsMud">Mud, or water.</param>
    internal sealed record Setting(double Mean, double Deviation, double Sigma, double Threshold, double Strength, bool IsMud);
}
