namespace Espalier.Anomaly.Outliers;

/// <summary>The geometric mean of two in-distribution inputs on [0, 1], sqrt(a b).</summary>
public sealed class GeometricMean() : PairMixture("geometric-mean")
{
    private protected override Tensor Mix(Tensor a, Tensor b) => (a * b).sqrt();
}
