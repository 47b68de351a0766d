using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// In-distribution images cut into quadrants that change places: above the top left one with its rows rolled up and the bottom
/// left one, below the bottom right one and the top right one with its columns rolled left. Rows are rolled by 6 and columns
/// by 8 at 28 pixels, by a quarter of the side at other sizes (8 and 8 at 32), as in the authors' code.
/// </summary>
public sealed class Jigsaw() : InlierTransform("jigsaw", OutlierUse.Validation)
{
    private protected override bool NeedsImages => true;

    private protected override string Expected => "[channels, height, width], height and width even";

    /// <inheritdoc/>
    public override bool Makes(IReadOnlyList<long> shape) => shape is [_, var height, var width] && height % 2 == 0 && width % 2 == 0;

    private protected override Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds)
    {
        (long height, long width) = (unit.shape[2], unit.shape[3]);
        (long rows, long columns) = (height == 28 ? 6 : height / 4, width == 28 ? 8 : width / 4);
        Tensor Quadrant(int row, int column) => unit.narrow(2, row * height / 2, height / 2).narrow(3, column * width / 2, width / 2);
        Tensor top = torch.cat([Quadrant(0, 0).roll([-rows], [2]), Quadrant(1, 0)], 3);
        Tensor bottom = torch.cat([Quadrant(1, 1), Quadrant(0, 1).roll([-columns], [3])], 3);
        return torch.cat([top, bottom], 2);
    }
}
