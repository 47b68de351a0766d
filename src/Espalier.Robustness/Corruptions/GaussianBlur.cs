using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>Convolution with a Gaussian of σ pixels.</summary>
internal sealed class GaussianBlur() : GradedCorruption<double>("gaussian-blur", isRandom: false,
    imageNet: [1, 2, 3, 4, 6],
    cifar: [.4, .6, .7, .8, 1])
{
    protected override void Corrupt(Span<float> image, ImageSize size, double sigma, ref SplitMix64 random) =>
        PlaneFilter.Gaussian(image, size, sigma);
}
