using Espalier.Errors;

namespace Espalier.Anomaly.Density;

/// <summary>How a density learns to find outliers unlikely.</summary>
public sealed record DensityExposureOptions
{
    /// <summary>λ, not negative: what the margin loss is multiplied by.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>
    /// m, not negative: by how many nats for each modelled value an outlier shall be less likely than the training image beside it. The margin
    /// M is m times the number of values.
    /// </summary>
    public double MarginPerValue { get; init; } = 1;

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Weight >= 0, nameof(Weight), Weight, "must not be negative");
        OptionsException.Require(MarginPerValue >= 0, nameof(MarginPerValue), MarginPerValue, "must not be negative");
    }
}
