using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// Independent Gaussian values around the middle of the bounds, clipped into them: clip(N(0.5, 0.5²), 0, 1) for inputs
/// in [0, 1]. The paper's clip(N(0, 0.5²), -1, 1) for standardised inputs is a relative deviation of 0.25.
/// </summary>
public sealed class GaussianNoise : OutlierGenerator
{
    /// <summary>Creates the generator.</summary>
    /// <param name="relativeDeviation">Standard deviation as a share of the width of the bounds, above 0.</param>
    /// <exception cref="OptionsException">The deviation is not above 0.</exception>
    public GaussianNoise(double relativeDeviation = 0.5) : base("gaussian")
    {
        OptionsException.Require(relativeDeviation > 0, nameof(relativeDeviation), relativeDeviation, "must be above 0");
        RelativeDeviation = relativeDeviation;
    }

    /// <summary>Standard deviation as a share of the width of the bounds.</summary>
    public double RelativeDeviation { get; }

    private protected override Tensor Generate(long[] shape, InputBounds bounds, torch.Generator generator, Dataset? source) =>
        Scaled((torch.randn(shape, generator: generator) * RelativeDeviation + 0.5).clamp(0, 1), bounds);
}
