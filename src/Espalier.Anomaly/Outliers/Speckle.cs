using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>In-distribution inputs under multiplicative noise on [0, 1]: clip(x + x N(0, 1), 0, 1).</summary>
public sealed class Speckle() : InlierTransform("speckle", OutlierUse.Validation)
{
    private protected override Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds) =>
        (unit + (unit * torch.randn(unit.shape, generator: generator).to(unit.device))).clamp(0, 1);
}
