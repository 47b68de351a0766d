using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>x + x·N(0, σ²).</summary>
internal sealed class SpeckleNoise() : GradedCorruption<double>("speckle-noise", isRandom: true,
    imageNet: [.15, .2, .35, .45, .6],
    cifar: [.06, .1, .12, .16, .2])
{
    protected override void Corrupt(Span<float> image, ImageSize size, double sigma, ref SplitMix64 random)
    {
        foreach (ref float x in image)
            x += (float)(x * sigma * random.NextNormal());
    }
}
