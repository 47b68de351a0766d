using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>Poisson(x·k)/k: light that arrives in photons, k of them for white.</summary>
internal sealed class ShotNoise() : GradedCorruption<double>("shot-noise", isRandom: true,
    imageNet: [60, 25, 12, 5, 3],
    cifar: [500, 250, 100, 75, 50])
{
    protected override void Corrupt(Span<float> image, ImageSize size, double photons, ref SplitMix64 random)
    {
        foreach (ref float x in image)
            x = (float)(Poisson(x * photons, random.NextDouble()) / photons);
    }

    // By inversion: one uniform a pixel. exp(-λ) is still a number for every λ above (500 at most).
    private static int Poisson(double lambda, double uniform)
    {
        int count = 0;
        double probability = Math.Exp(-lambda);
        double limit = lambda + (40 * Math.Sqrt(lambda)) + 40;
        for (double below = probability; uniform >= below && count < limit; below += probability)
            probability *= lambda / ++count;
        return count;
    }
}
