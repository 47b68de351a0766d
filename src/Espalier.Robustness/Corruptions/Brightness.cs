using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>The value of HSV raised; grey images: x + c.</summary>
internal sealed class Brightness() : GradedCorruption<double>("brightness", isRandom: false,
    imageNet: [.1, .2, .3, .4, .5],
    cifar: [.05, .1, .15, .2, .3])
{
    protected override void Corrupt(Span<float> image, ImageSize size, double rise, ref SplitMix64 random)
    {
        if (size.IsGrey)
        {
            foreach (ref float x in image)
                x += (float)rise;
            return;
        }

        Hsv.EachPixel(image, size, color => color with { Value = Math.Min(color.Value + rise, 1) });
    }
}
