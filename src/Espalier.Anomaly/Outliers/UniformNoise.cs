using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>Each value independent and uniform between its bounds.</summary>
public sealed class UniformNoise() : OutlierGenerator("uniform", OutlierUse.Validation)
{
    private protected override Tensor Generate(long[] shape, InputBounds bounds, torch.Generator generator, Dataset? source) =>
        Scaled(torch.rand(shape, generator: generator), bounds);
}
