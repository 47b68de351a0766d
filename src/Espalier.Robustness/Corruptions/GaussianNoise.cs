using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>x + N(0, σ²).</summary>
internal sealed class GaussianNoise() : GradedCorruption<double>("gaussian-noise", isRandom: true,
    imageNet: [.08, .12, .18, .26, .38],
    cifar: [.04, .06, .08, .09, .10])
{
    protected override void Corrupt(Span<float> image, ImageSize size, double sigma, ref SplitMix64 random)
    {
        foreach (ref float x in image)
            x += (float)(sigma * random.NextNormal());
    }
}
