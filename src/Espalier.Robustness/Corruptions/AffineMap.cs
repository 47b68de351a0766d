using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>Where the pixels of an image under an affine map come from: (x, y) shows (Xx·x + Xy·y + X0, Yx·x + Yy·y + Y0).</summary>
internal readonly record struct AffineMap(double Xx, double Xy, double X0, double Yx, double Yy, double Y0)
{
    public static AffineMap Identity { get; } = new(1, 0, 0, 0, 1, 0);

    public (double X, double Y) Source(int x, int y) => ((Xx * x) + (Xy * y) + X0, (Yx * x) + (Yy * y) + Y0);

    /// <summary>Three corners of a square around the middle, each moved by up to some pixels in x and y.</summary>
    public static AffineMap Draw(ImageSize size, double displacement, ref SplitMix64 random)
    {
        (double x, double y, double s) = (size.Width / 2, size.Height / 2, size.Side / 3);
        (double X, double Y)[] before = [(x + s, y + s), (x + s, y - s), (x - s, y - s)];
        var after = new (double X, double Y)[3];
        for (int i = 0; i < 3; i++)
            after[i] = (before[i].X + random.NextBetween(-displacement, displacement), before[i].Y + random.NextBetween(-displacement, displacement));
        return Between(after, before);
    }

    /// <summary>The map that shows three points at three others; the identity where the first three lie on a line.</summary>
    public static AffineMap Between((double X, double Y)[] at, (double X, double Y)[] shows)
    {
        (double ax, double ay) = (at[1].X - at[0].X, at[1].Y - at[0].Y);
        (double bx, double by) = (at[2].X - at[0].X, at[2].Y - at[0].Y);
        double area = (ax * by) - (ay * bx);
        if (Math.Abs(area) < 1e-9)
            return Identity;
        (double Along, double Down) Row(double first, double second, double third)
        {
            (double a, double b) = (second - first, third - first);
            return (((a * by) - (b * ay)) / area, ((b * ax) - (a * bx)) / area);
        }

        (double xx, double xy) = Row(shows[0].X, shows[1].X, shows[2].X);
        (double yx, double yy) = Row(shows[0].Y, shows[1].Y, shows[2].Y);
        return new(xx, xy, shows[0].X - (xx * at[0].X) - (xy * at[0].Y), yx, yy, shows[0].Y - (yx * at[0].X) - (yy * at[0].Y));
    }
}
