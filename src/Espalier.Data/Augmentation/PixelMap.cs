namespace Espalier.Data.Augmentation;

/// <summary>
/// Where the pixels of a view come from: pixel (column u, row v) of the output shows the input at column
/// Xu·u + Xv·v + X0 and row Yu·u + Yv·v + Y0, in pixels, whole numbers being the pixels' centres.
/// </summary>
/// <param name="Xu">Columns of the input per column of the output.</param>
/// <param name="Xv">Columns of the input per row of the output.</param>
/// <param name="X0">Column of the input at the output's first pixel.</param>
/// <param name="Yu">Rows of the input per column of the output.</param>
/// <param name="Yv">Rows of the input per row of the output.</param>
/// <param name="Y0">Row of the input at the output's first pixel.</param>
internal readonly record struct PixelMap(double Xu, double Xv, double X0, double Yu, double Yv, double Y0)
{
    public static PixelMap Identity { get; } = new(1, 0, 0, 0, 1, 0);

    public bool IsAxisAligned => Xv == 0 && Yu == 0;

    /// <summary>The box with the given corner and size, in pixels and measured between pixel edges, resized to the output.</summary>
    public static PixelMap Crop(double left, double top, double width, double height, int outWidth, int outHeight)
    {
        (double sx, double sy) = (width / outWidth, height / outHeight);
        return new(sx, 0, left + ((sx - 1) / 2), 0, sy, top + ((sy - 1) / 2));
    }

    /// <summary>This view with its columns in reverse.</summary>
    public PixelMap Flipped(int outWidth) => this with { Xu = -Xu, X0 = X0 + (Xu * (outWidth - 1)), Yu = -Yu, Y0 = Y0 + (Yu * (outWidth - 1)) };

    /// <summary>
    /// This view of an image that was first transformed about its centre by p → scale·R(angle)·[[1, -tan(shear)], [0, 1]]·p + shift
    /// (torchvision's convention; y points down; angles in radians, shifts in pixels).
    /// </summary>
    public PixelMap After(double angle, double scale, double shear, double shiftX, double shiftY, int width, int height)
    {
        (double sin, double cos) = Math.SinCos(angle);
        double tan = Math.Tan(shear);
        // The inverse: R(-angle)/scale, then [[1, tan], [0, 1]].
        (double c, double d) = (-sin / scale, cos / scale);
        (double a, double b) = ((cos / scale) + (tan * c), (sin / scale) + (tan * d));
        (double centreX, double centreY) = ((width - 1) / 2.0, (height - 1) / 2.0);
        (double x, double y) = (X0 - centreX - shiftX, Y0 - centreY - shiftY);
        return new(
            (a * Xu) + (b * Yu), (a * Xv) + (b * Yv), centreX + (a * x) + (b * y),
            (c * Xu) + (d * Yu), (c * Xv) + (d * Yv), centreY + (c * x) + (d * y));
    }
}
