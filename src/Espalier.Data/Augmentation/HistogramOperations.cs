namespace Espalier.Data.Augmentation;

/// <summary>PIL's operations on the histogram of an image in place, [channels, pixels] in [0, 1] read as 256 levels.</summary>
internal static class HistogramOperations
{
    private const int Levels = 256;

    /// <summary>Keeps the highest bits of each level.</summary>
    /// <param name="image">The image.</param>
    /// <param name="bits">In 0..8.</param>
    public static void Posterize(Span<float> image, int bits)
    {
        int mask = 0xff & (0xff << (8 - bits));
        for (int i = 0; i < image.Length; i++)
            image[i] = (Level(image[i]) & mask) / 255f;
    }

    /// <summary>Stretches each channel to the whole range.</summary>
    public static void AutoContrast(Span<float> image, int channels)
    {
        int pixels = image.Length / channels;
        for (int c = 0; c < channels; c++)
        {
            Span<float> plane = image.Slice(c * pixels, pixels);
            (float low, float high) = (1, 0);
            foreach (float value in plane)
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
            if (high <= low)
                continue;
            for (int i = 0; i < plane.Length; i++)
                plane[i] = (plane[i] - low) / (high - low);
        }
    }

    /// <summary>Makes the histogram of each channel flat.</summary>
    public static void Equalize(Span<float> image, int channels)
    {
        int pixels = image.Length / channels;
        Span<int> histogram = stackalloc int[Levels];
        Span<float> table = stackalloc float[Levels];
        for (int c = 0; c < channels; c++)
        {
            Span<float> plane = image.Slice(c * pixels, pixels);
            histogram.Clear();
            foreach (float value in plane)
                histogram[Level(value)]++;
            int last = Levels - 1;
            while (last > 0 && histogram[last] == 0)
                last--;
            int step = (pixels - histogram[last]) / (Levels - 1);
            if (step == 0)
                continue;
            int sum = step / 2;
            for (int i = 0; i < Levels; i++)
            {
                table[i] = Math.Min(sum / step, Levels - 1) / 255f;
                sum += histogram[i];
            }

            for (int i = 0; i < plane.Length; i++)
                plane[i] = table[Level(plane[i])];
        }
    }

    private static int Level(float value) => (int)MathF.Round(Math.Clamp(value, 0, 1) * 255);
}
