using Espalier.Anomaly.OneClass;
using Espalier.Errors;

namespace Espalier.Recipes.Detection;

/// <summary>How a detector of images is fitted.</summary>
public sealed record ImageFitOptions
{
    /// <summary>The detector.</summary>
    public ImageDeepSvddOptions Svdd { get; init; } = new();

    /// <summary>The share of ordinary images that may raise an alarm, in (0, 1).</summary>
    public double FalseAlarms { get; init; } = 0.05;

    /// <summary>Share of the images that is held out for the threshold, in (0, 1).</summary>
    public double CalibrationShare { get; init; } = 0.3;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        Svdd.Validate();
        OptionsException.Require(FalseAlarms is > 0 and < 1, nameof(FalseAlarms), FalseAlarms, "must be above 0 and below 1");
        OptionsException.Require(CalibrationShare is > 0 and < 1, nameof(CalibrationShare), CalibrationShare, "must be above 0 and below 1");
    }
}
