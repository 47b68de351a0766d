using System.Numerics.Tensors;

namespace Espalier.Robustness.Corruptions;

/// <summary>Linear filters of an image, channel by channel, in place.</summary>
internal static class PlaneFilter
{
    /// <summary>Weights exp(-x²/2σ²) at whole pixels, divided by their sum; one weight of 1 where nothing is blurred.</summary>
    public static float[] GaussianWeights(double sigma, int reach)
    {
        if (reach == 0 || sigma <= 0)
            return [1];
        double[] weights = [.. Enumerable.Range(-reach, (2 * reach) + 1).Select(i => Math.Exp(-i * i / (2 * sigma * sigma)))];
        double sum = weights.Sum();
        return [.. weights.Select(w => (float)(w / sum))];
    }

    /// <summary>Gaussian blur; its kernel ends at a number of σ.</summary>
    public static void Gaussian(Span<float> image, ImageSize size, double sigma, double reachInSigmas = 4, Border border = Border.Replicate) =>
        Separable(image, size, GaussianWeights(sigma, (int)((reachInSigmas * sigma) + .5)), border);

    /// <summary>The same weights, of odd number, along rows and along columns.</summary>
    public static void Separable(Span<float> image, ImageSize size, float[] weights, Border border)
    {
        if (weights.Length == 1)
            return;
        float[,] along = new float[1, weights.Length], down = new float[weights.Length, 1];
        for (int i = 0; i < weights.Length; i++)
            along[0, i] = down[i, 0] = weights[i];
        Correlate(image, size, along, border);
        Correlate(image, size, down, border);
    }

    /// <summary>y[i, j] = Σ k[a, b]·x[i + a - ⌊A/2⌋, j + b - ⌊B/2⌋]: a convolution without turning the kernel.</summary>
    public static void Correlate(Span<float> image, ImageSize size, float[,] kernel, Border border)
    {
        (int reachY, int reachX) = (kernel.GetLength(0) / 2, kernel.GetLength(1) / 2);
        int width = size.Width + (2 * reachX);
        float[] padded = new float[(size.Height + (2 * reachY)) * width];
        for (int c = 0; c < size.Channels; c++)
        {
            Span<float> plane = size.Channel(image, c);
            Pad(plane, size, reachY, reachX, border, padded);
            plane.Clear();
            for (int a = 0; a < kernel.GetLength(0); a++)
            {
                for (int b = 0; b < kernel.GetLength(1); b++)
                {
                    if (kernel[a, b] == 0)
                        continue;
                    for (int y = 0; y < size.Height; y++)
                    {
                        Span<float> row = plane.Slice(y * size.Width, size.Width);
                        TensorPrimitives.MultiplyAdd(padded.AsSpan(((y + a) * width) + b, size.Width), kernel[a, b], row, row);
                    }
                }
            }
        }
    }

    private static void Pad(ReadOnlySpan<float> plane, ImageSize size, int reachY, int reachX, Border border, float[] padded)
    {
        int width = size.Width + (2 * reachX);
        for (int y = 0; y < size.Height + (2 * reachY); y++)
        {
            ReadOnlySpan<float> source = plane.Slice(BilinearSampler.Inside(y - reachY, size.Height, border) * size.Width, size.Width);
            Span<float> row = padded.AsSpan(y * width, width);
            for (int x = 0; x < width; x++)
                row[x] = source[BilinearSampler.Inside(x - reachX, size.Width, border)];
        }
    }
}
