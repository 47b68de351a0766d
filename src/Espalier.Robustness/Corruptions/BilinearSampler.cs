namespace Espalier.Robustness.Corruptions;

/// <summary>Reads an image between its pixels and beyond its border.</summary>
internal static class BilinearSampler
{
    /// <summary>The value at a point.</summary>
    /// <param name="plane">[height, width].</param>
    /// <param name="size">Height and width.</param>
    /// <param name="y">In rows; whole numbers are the pixels' centres.</param>
    /// <param name="x">In columns.</param>
    /// <param name="border">What lies beyond the border.</param>
    public static float Sample(ReadOnlySpan<float> plane, ImageSize size, double y, double x, Border border)
    {
        (int top, int left) = ((int)Math.Floor(y), (int)Math.Floor(x));
        (double down, double right) = (y - top, x - left);
        int upper = Inside(top, size.Height, border) * size.Width, lower = Inside(top + 1, size.Height, border) * size.Width;
        (int near, int far) = (Inside(left, size.Width, border), Inside(left + 1, size.Width, border));
        double above = ((1 - right) * plane[upper + near]) + (right * plane[upper + far]);
        double below = ((1 - right) * plane[lower + near]) + (right * plane[lower + far]);
        return (float)(((1 - down) * above) + (down * below));
    }

    /// <summary>The pixel of a row of <paramref name="count"/> that is shown at a position.</summary>
    public static int Inside(int position, int count, Border border)
    {
        if ((uint)position < (uint)count)
            return position;
        if (border == Border.Replicate || count == 1)
            return Math.Clamp(position, 0, count - 1);
        int period = border == Border.Mirror ? 2 * (count - 1) : 2 * count;
        int folded = ((position % period) + period) % period;
        return folded < count ? folded : border == Border.Mirror ? period - folded : period - 1 - folded;
    }
}
