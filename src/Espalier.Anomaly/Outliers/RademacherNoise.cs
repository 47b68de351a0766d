using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>Each value independently at its lower or its upper bound, with probability one half.</summary>
public sealed class RademacherNoise() : OutlierGenerator("rademacher")
{
    private protected override Tensor Generate(long[] shape, InputBounds bounds, torch.Generator generator, Dataset? source) =>
        Scaled(torch.empty(shape).bernoulli_(0.5, generator), bounds);
}
