using Espalier.Errors;

namespace Espalier.Robustness.Corruptions;

/// <summary>
/// A rotation about the middle of an image and a shift after it, with bilinear interpolation; what comes in from outside
/// is 0 (Engstrom et al., "Exploring the Landscape of Spatial Robustness", ICML 2019).
/// </summary>
/// <param name="Degrees">The rotation, counter-clockwise.</param>
/// <param name="ShiftX">The shift to the right, in pixels.</param>
/// <param name="ShiftY">The shift down, in pixels.</param>
public sealed record SpatialTransform(double Degrees, double ShiftX, double ShiftY)
{
    // A point this near to a pixel's centre is the pixel: sines of right angles are not exactly 0 and 1.
    private const double Nearby = 1e-9;

    /// <summary>Transforms images, all alike.</summary>
    /// <param name="images">[n, channels, height, width], floating point.</param>
    /// <returns>As <paramref name="images"/>, on the same device; the caller's dispose scope's.</returns>
    /// <exception cref="OptionsException">The rotation or a shift is no finite number.</exception>
    /// <exception cref="ShapeException">The images have another shape or type.</exception>
    public Tensor Apply(Tensor images)
    {
        foreach ((string name, double value) in new[] { (nameof(Degrees), Degrees), (nameof(ShiftX), ShiftX), (nameof(ShiftY), ShiftY) })
            OptionsException.Require(double.IsFinite(value), name, value, "must be finite");
        if (images.shape is not [_, _, >= 1, >= 1] || !images.is_floating_point())
            throw new ShapeException("images", images.shape, "[n, channels, height, width], floating point");

        using var scope = torch.NewDisposeScope();
        (int height, int width) = ((int)images.shape[2], (int)images.shape[3]);
        // Four neighbours of each point, the same in every image: a weighted sum of four gathers.
        long[][] neighbours = [.. Enumerable.Range(0, 4).Select(_ => new long[height * width])];
        float[][] weights = [.. Enumerable.Range(0, 4).Select(_ => new float[height * width])];
        FindSources(height, width, neighbours, weights);
        Tensor flat = images.flatten(2);
        Tensor? result = null;
        for (int k = 0; k < 4; k++)
        {
            Tensor from = torch.tensor(neighbours[k], device: images.device);
            Tensor part = flat.index_select(2, from) * torch.tensor(weights[k], dtype: images.dtype, device: images.device);
            result = result is null ? part : result + part;
        }

        return result!.view(images.shape).MoveToOuterDisposeScope();
    }

    private void FindSources(int height, int width, long[][] neighbours, float[][] weights)
    {
        (double sin, double cos) = Math.SinCos(Degrees * Math.PI / 180);
        (double middleX, double middleY) = ((width - 1) / 2.0, (height - 1) / 2.0);
        for (int i = 0; i < height * width; i++)
        {
            (double dx, double dy) = ((i % width) - middleX - ShiftX, (i / width) - middleY - ShiftY);
            double x = Snapped(middleX + (cos * dx) - (sin * dy)), y = Snapped(middleY + (sin * dx) + (cos * dy));
            (double left, double top) = (Math.Floor(x), Math.Floor(y));
            for (int k = 0; k < 4; k++)
            {
                (double column, double row) = (left + (k % 2), top + (k / 2));
                if (column < 0 || column >= width || row < 0 || row >= height)
                    continue;
                neighbours[k][i] = ((long)row * width) + (long)column;
                weights[k][i] = (float)((1 - Math.Abs(x - column)) * (1 - Math.Abs(y - row)));
            }
        }
    }

    private static double Snapped(double value) => Math.Abs(value - Math.Round(value)) < Nearby ? Math.Round(value) : value;
}
