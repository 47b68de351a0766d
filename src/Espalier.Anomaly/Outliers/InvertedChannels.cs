using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>In-distribution colour images with green and blue mirrored within their bounds: (R, 1 - G, 1 - B).</summary>
public sealed class InvertedChannels() : InlierTransform("inverted-channels", OutlierUse.Validation)
{
    private protected override string Expected => "[3, height, width]";

    /// <inheritdoc/>
    public override bool Makes(IReadOnlyList<long> shape) => shape is [3, _, _];

    private protected override Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds) =>
        torch.cat([unit.narrow(1, 0, 1), 1 - unit.narrow(1, 1, 2)], 1);
}
