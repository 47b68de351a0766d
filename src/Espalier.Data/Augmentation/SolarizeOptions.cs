using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>Inverts the bright pixels: x becomes 1-x where x is at least the threshold (Grill et al., BYOL, appendix B).</summary>
public sealed record SolarizeOptions
{
    /// <summary>Probability that an image is solarized, in [0, 1]. BYOL's second view: 0.2.</summary>
    public double Probability { get; init; } = 0.2;

    /// <summary>The threshold, in [0, 1].</summary>
    public double Threshold { get; init; } = 0.5;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Probability is >= 0 and <= 1, nameof(Probability), Probability, "must be in 0..1");
        OptionsException.Require(Threshold is >= 0 and <= 1, nameof(Threshold), Threshold, "must be in 0..1");
    }
}
