using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>Salt and pepper: a share of the values becomes 0 or 1.</summary>
internal sealed class ImpulseNoise() : GradedCorruption<double>("impulse-noise", isRandom: true,
    imageNet: [.03, .06, .09, .17, .27],
    cifar: [.01, .02, .03, .05, .07])
{
    protected override void Corrupt(Span<float> image, ImageSize size, double share, ref SplitMix64 random)
    {
        foreach (ref float x in image)
        {
            bool hit = random.NextBernoulli(share);
            bool salt = random.NextBernoulli(.5);
            if (hit)
                x = salt ? 1 : 0;
        }
    }
}
