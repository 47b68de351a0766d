using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>The image scaled down to a share of its sides by box averages, and up again by repetition.</summary>
internal sealed class Pixelate() : GradedCorruption<double>("pixelate", isRandom: false,
    imageNet: [.6, .5, .4, .3, .25],
    cifar: [.95, .9, .85, .75, .65])
{
    protected override void Corrupt(Span<float> image, ImageSize size, double share, ref SplitMix64 random)
    {
        (int height, int width) = (Math.Max(1, (int)(size.Height * share)), Math.Max(1, (int)(size.Width * share)));
        (Range[] rows, Range[] columns) = (Boxes(size.Height, height), Boxes(size.Width, width));
        float[] small = new float[height * width];
        for (int c = 0; c < size.Channels; c++)
        {
            Span<float> plane = size.Channel(image, c);
            for (int i = 0; i < small.Length; i++)
                small[i] = (float)Mean(plane, size, rows[i / width], columns[i % width]);
            for (int i = 0; i < plane.Length; i++)
                plane[i] = small[(Nearest(i / size.Width, size.Height, height) * width) + Nearest(i % size.Width, size.Width, width)];
        }
    }

    // The whole pixels whose centres lie within each box, as Pillow's box filter counts them.
    private static Range[] Boxes(int from, int to)
    {
        double scale = from / (double)to;
        return [.. Enumerable.Range(0, to).Select(i =>
        {
            double middle = (i + .5) * scale;
            int first = (int)(middle - (scale / 2) + .5);
            int end = Math.Min((int)(middle + (scale / 2) + .5), from);
            return new Range(first, Math.Max(end, first + 1));
        })];
    }

    private static double Mean(ReadOnlySpan<float> plane, ImageSize size, Range rows, Range columns)
    {
        double sum = 0;
        for (int y = rows.Start.Value; y < rows.End.Value; y++)
        {
            foreach (float x in plane.Slice(y * size.Width, size.Width)[columns])
                sum += x;
        }

        return sum / ((rows.End.Value - rows.Start.Value) * (columns.End.Value - columns.Start.Value));
    }

    private static int Nearest(int position, int large, int small) => Math.Min((int)((position + .5) * small / large), small - 1);
}
