using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>In-distribution inputs with every value mirrored within its bounds: 1 - x on [0, 1].</summary>
public sealed class Negative() : InlierTransform("negative", OutlierUse.Test)
{
    private protected override Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds) => 1 - unit;
}
