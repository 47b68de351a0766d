using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>The saturation of HSV becomes S·a + b; grey images stay as they are.</summary>
internal sealed class Saturate() : GradedCorruption<(double Factor, double Rise)>("saturate", isRandom: false,
    imageNet: [(.3, 0), (.1, 0), (2, 0), (5, .1), (20, .2)],
    cifar: [(.3, 0), (.1, 0), (1.5, 0), (2, .1), (2.5, .2)])
{
    protected override void Corrupt(Span<float> image, ImageSize size, (double Factor, double Rise) setting, ref SplitMix64 random)
    {
        if (!size.IsGrey)
            Hsv.EachPixel(image, size, color => color with { Saturation = Math.Min((color.Saturation * setting.Factor) + setting.Rise, 1) });
    }
}
