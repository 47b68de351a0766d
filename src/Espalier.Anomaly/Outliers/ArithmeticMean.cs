namespace Espalier.Anomaly.Outliers;

/// <summary>The mean of two in-distribution inputs, (a + b) / 2.</summary>
public sealed class ArithmeticMean() : PairMixture("arithmetic-mean")
{
    private protected override Tensor Mix(Tensor a, Tensor b) => (a + b) / 2;
}
