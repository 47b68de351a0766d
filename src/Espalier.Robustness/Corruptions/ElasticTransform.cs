using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>
/// A random affine map (three points displaced by up to <c>Affine</c>), then each pixel displaced by noise of amplitude
/// <c>Amplitude</c> smoothed with <c>Sigma</c>. All three are multiples of the image's side.
/// </summary>
internal sealed class ElasticTransform() : GradedCorruption<(double Amplitude, double Sigma, double Affine)>("elastic-transform", isRandom: true,
    imageNet: [(2, .7, .1), (2, .08, .2), (.05, .01, .02), (.07, .01, .02), (.12, .01, .02)],
    cifar: [(0, 0, .08), (.05, .2, .07), (.08, .06, .06), (.1, .04, .05), (.1, .03, .03)])
{
    protected override void Corrupt(Span<float> image, ImageSize size, (double Amplitude, double Sigma, double Affine) setting, ref SplitMix64 random)
    {
        AffineMap map = AffineMap.Draw(size, setting.Affine * size.Side, ref random);
        Resample(image, size, map.Source, Border.Mirror);
        float[] shiftX = Displacement(size, setting.Amplitude * size.Side, setting.Sigma * size.Side, ref random);
        float[] shiftY = Displacement(size, setting.Amplitude * size.Side, setting.Sigma * size.Side, ref random);
        Resample(image, size, (x, y) => (x + shiftX[(y * size.Width) + x], y + shiftY[(y * size.Width) + x]), Border.Symmetric);
    }

    private static float[] Displacement(ImageSize size, double amplitude, double sigma, ref SplitMix64 random)
    {
        float[] noise = new float[size.Plane];
        foreach (ref float value in noise.AsSpan())
            value = (float)(amplitude * random.NextBetween(-1, 1));
        PlaneFilter.Gaussian(noise, size with { Channels = 1 }, sigma, reachInSigmas: 3, Border.Symmetric);
        return noise;
    }

    private static void Resample(Span<float> image, ImageSize size, Func<int, int, (double X, double Y)> source, Border border)
    {
        float[] before = image.ToArray();
        for (int i = 0; i < size.Plane; i++)
        {
            (double x, double y) = source(i % size.Width, i / size.Width);
            for (int c = 0; c < size.Channels; c++)
                image[(c * size.Plane) + i] = BilinearSampler.Sample(before.AsSpan(c * size.Plane, size.Plane), size, y, x, border);
        }
    }
}
