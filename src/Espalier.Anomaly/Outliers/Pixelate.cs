using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// In-distribution images scaled down to a fifth of their side and up again, with Pillow's box filter as in the authors' code:
/// each small pixel is the mean of the pixels whose middles it covers.
/// </summary>
public sealed class Pixelate() : InlierTransform("pixelate", OutlierUse.Validation)
{
    private const double Share = 0.2;

    private protected override bool NeedsImages => true;

    /// <inheritdoc/>
    public override bool Makes(IReadOnlyList<long> shape) => shape is [_, >= 5, >= 5];

    private protected override string Expected => "[channels, height, width] of at least 5 x 5 pixels";

    private protected override Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds) =>
        DownAndUp(unit.shape[2]).to(unit.device).matmul(unit).matmul(DownAndUp(unit.shape[3]).to(unit.device).t());

    private static Tensor DownAndUp(long side)
    {
        int length = checked((int)side);
        int small = (int)(length * Share);
        double scale = (double)length / small;
        float[] matrix = new float[length * length];
        for (int i = 0; i < length; i++)
        {
            double center = (Math.Floor((i + 0.5) / scale) + 0.5) * scale;
            int[] covered = [.. Enumerable.Range(0, length).Where(x => (x + 0.5 - center) / scale is > -0.5 and <= 0.5)];
            foreach (int x in covered)
                matrix[(i * length) + x] = 1f / covered.Length;
        }

        return torch.tensor(matrix).view(length, length);
    }
}
