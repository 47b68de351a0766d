using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>(x + s·clouds)·max(x)/(max(x) + s) with clouds of a plasma fractal.</summary>
internal sealed class Fog() : GradedCorruption<(double Strength, double Decay)>("fog", isRandom: true,
    imageNet: [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)],
    cifar: [(.2, 3), (.5, 3), (.75, 2.5), (1, 2), (1.5, 1.75)])
{
    protected override void Corrupt(Span<float> image, ImageSize size, (double Strength, double Decay) setting, ref SplitMix64 random)
    {
        double max = 0;
        foreach (float x in image)
            max = Math.Max(max, x);
        double[,] clouds = PlasmaFractal.Draw(Math.Max(size.Height, size.Width), setting.Decay, ref random);
        for (int i = 0; i < image.Length; i++)
        {
            int at = i % size.Plane;
            image[i] = (float)((image[i] + (setting.Strength * clouds[at / size.Width, at % size.Width])) * max / (max + setting.Strength));
        }
    }
}
