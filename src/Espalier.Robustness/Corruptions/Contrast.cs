using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>(x - mean)·c + mean, in each channel.</summary>
internal sealed class Contrast() : GradedCorruption<double>("contrast", isRandom: false,
    imageNet: [.4, .3, .2, .1, .05],
    cifar: [.75, .5, .4, .3, .15])
{
    protected override void Corrupt(Span<float> image, ImageSize size, double factor, ref SplitMix64 random)
    {
        for (int c = 0; c < size.Channels; c++)
        {
            Span<float> plane = size.Channel(image, c);
            double mean = 0;
            foreach (float x in plane)
                mean += x;
            mean /= plane.Length;
            foreach (ref float x in plane)
                x = (float)(((x - mean) * factor) + mean);
        }
    }
}
