using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>In-distribution colour images whose channels change places: green mirrored left to right, blue, red.</summary>
public sealed class RgbGhost() : InlierTransform("rgb-ghost", OutlierUse.Validation)
{
    private protected override string Expected => "[3, height, width]";

    /// <inheritdoc/>
    public override bool Makes(IReadOnlyList<long> shape) => shape is [3, _, _];

    private protected override Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds) =>
        torch.cat([unit.narrow(1, 1, 1).flip(3), unit.narrow(1, 2, 1), unit.narrow(1, 0, 1)], 1);
}
