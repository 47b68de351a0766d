using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>The mean of the image and of its centre enlarged by factors from 1 up.</summary>
internal sealed class ZoomBlur() : GradedCorruption<(double End, double Step)>("zoom-blur", isRandom: false,
    imageNet: [(1.11, .01), (1.16, .01), (1.21, .02), (1.26, .02), (1.31, .03)],
    cifar: [(1.06, .01), (1.11, .01), (1.16, .01), (1.21, .01), (1.26, .01)])
{
    protected override void Corrupt(Span<float> image, ImageSize size, (double End, double Step) setting, ref SplitMix64 random)
    {
        float[] source = image.ToArray();
        // As many as numpy's arange(1, end, step) gives, rounding included.
        int count = (int)Math.Ceiling((setting.End - 1) / setting.Step);
        for (int i = 0; i < count; i++)
        {
            double factor = 1 + (i * setting.Step);
            double[] rows = Enlarged(size.Height, factor), columns = Enlarged(size.Width, factor);
            for (int c = 0; c < size.Channels; c++)
            {
                ReadOnlySpan<float> plane = source.AsSpan(c * size.Plane, size.Plane);
                Span<float> sum = size.Channel(image, c);
                for (int at = 0; at < sum.Length; at++)
                    sum[at] += BilinearSampler.Sample(plane, size, rows[at / size.Width], columns[at % size.Width], Border.Replicate);
            }
        }

        foreach (ref float value in image)
            value /= count + 1;
    }

    // Where each row (or column) of the result lies in the source: the middle is cut out, enlarged corner to corner, and cut to size.
    private static double[] Enlarged(int length, double factor)
    {
        int cut = (int)Math.Ceiling(length / factor);
        int enlarged = (int)Math.Round(cut * factor);
        int first = (length - cut) / 2, trim = (enlarged - length) / 2;
        double scale = enlarged > 1 ? (cut - 1) / (double)(enlarged - 1) : 0;
        return [.. Enumerable.Range(0, length).Select(i => first + ((i + trim) * scale))];
    }
}
