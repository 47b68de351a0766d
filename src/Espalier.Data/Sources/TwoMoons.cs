using Espalier.Errors;
using Espalier.Models;
using Espalier.Randomness;

namespace Espalier.Data.Sources;

/// <summary>
/// Two interleaved half circles in the plane, the classic test of a non-linear boundary: the upper one is
/// (cos t, sin t), the lower one (1 - cos t, 1/2 - sin t), t evenly spaced in [0, pi], plus Gaussian noise.
/// </summary>
public static class TwoMoons
{
    /// <summary>Draws the moons; a pure function of its arguments.</summary>
    /// <param name="samples">Number of samples, at least 2; the first half is the upper moon.</param>
    /// <param name="noise">Standard deviation of the noise on each coordinate, at least 0.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>Inputs [samples, 2], unbounded; classes <c>upper</c> and <c>lower</c>.</returns>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public static Dataset Generate(int samples = 1000, double noise = 0.1, int seed = 0)
    {
        new GeneratedOptions { Samples = samples, Noise = noise, Classes = 2 }.Validate();
        var random = new SplitMix64(seed, 0x6d6f6f6e);
        float[] inputs = new float[samples * 2];
        long[] labels = new long[samples];
        int upper = (samples + 1) / 2;
        for (int i = 0; i < samples; i++)
        {
            bool isLower = i >= upper;
            int size = isLower ? samples - upper : upper;
            double t = Math.PI * (isLower ? i - upper : i) / Math.Max(1, size - 1);
            (double x, double y) = isLower ? (1 - Math.Cos(t), 0.5 - Math.Sin(t)) : (Math.Cos(t), Math.Sin(t));
            inputs[2 * i] = (float)(x + (noise * random.NextNormal()));
            inputs[(2 * i) + 1] = (float)(y + (noise * random.NextNormal()));
            labels[i] = isLower ? 1 : 0;
        }

        using Tensor flat = torch.tensor(inputs);
        return new Dataset("moons", flat.view(samples, 2), torch.tensor(labels), ["upper", "lower"], InputBounds.Unbounded);
    }
}
