using Espalier.Anomaly.Statistics;

namespace Espalier.Tests.Anomaly;

/// <summary>Against SciPy 1.10.</summary>
public sealed class SpecialFunctionTests
{
    [Fact]
    public void Tails_and_quantiles_are_SciPys()
    {
        Assert.Equal(11.143286781877796, SpecialFunctions.ChiSquareQuantile(4, 0.025), 1e-10);
        Assert.Equal(20.337227563547934, SpecialFunctions.ChiSquareQuantile(21, 0.5), 1e-10);
        Assert.Equal(0.01856613546304325, SpecialFunctions.ChiSquareTail(3, 10), 1e-14);
        Assert.Equal(0.46340309014265507, SpecialFunctions.LowerBeta(2, 30, 0.05), 1e-12);
        Assert.Equal(0.3640040810719437, SpecialFunctions.LowerBeta(10, 20, 0.3), 1e-12);
        Assert.Equal(0.26999967167735456, SpecialFunctions.KolmogorovTail(1.0), 1e-12);
        Assert.Equal(0.049485876755377876, SpecialFunctions.KolmogorovTail(1.36), 1e-12);
        Assert.Equal(0.9639452436648751, SpecialFunctions.KolmogorovTail(0.5), 1e-12);
        Assert.Equal(Math.Log(362880), SpecialFunctions.LogGamma(10), 1e-11);
        Assert.Equal(0.5 * Math.Log(Math.PI), SpecialFunctions.LogGamma(0.5), 1e-13);
    }
}
