using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>
/// Blur, swaps of each pixel with a random neighbour from the bottom right on, blur again. The published script's swap
/// copies one pixel over the other instead (its two sides share memory); here they are exchanged.
/// </summary>
internal sealed class GlassBlur() : GradedCorruption<(double Sigma, int Distance, int Rounds)>("glass-blur", isRandom: true,
    imageNet: [(.7, 1, 2), (.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)],
    cifar: [(.05, 1, 1), (.25, 1, 1), (.4, 1, 1), (.25, 1, 2), (.4, 1, 2)])
{
    protected override void Corrupt(Span<float> image, ImageSize size, (double Sigma, int Distance, int Rounds) setting, ref SplitMix64 random)
    {
        (double sigma, int distance, int rounds) = setting;
        PlaneFilter.Gaussian(image, size, sigma);
        for (int round = 0; round < rounds; round++)
        {
            for (int y = size.Height - distance; y > distance; y--)
            {
                for (int x = size.Width - distance; x > distance; x--)
                {
                    int otherX = x - distance + random.NextBelow(2 * distance);
                    int otherY = y - distance + random.NextBelow(2 * distance);
                    int here = (y * size.Width) + x, there = (otherY * size.Width) + otherX;
                    for (int c = 0; c < size.Channels; c++)
                    {
                        Span<float> plane = size.Channel(image, c);
                        (plane[here], plane[there]) = (plane[there], plane[here]);
                    }
                }
            }
        }

        PlaneFilter.Gaussian(image, size, sigma);
    }
}
