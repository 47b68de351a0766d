using Espalier.Errors;

namespace Espalier.Recipes.Stages;

/// <summary>How the trained model is judged on the test split.</summary>
public sealed record EvaluateOptions
{
    /// <summary>Number of confidence bins: equally wide ones of the calibration errors, equally full ones of the reliability diagram, at least 1.</summary>
    public int CalibrationBins { get; init; } = 15;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate() =>
        OptionsException.Require(CalibrationBins >= 1, nameof(CalibrationBins), CalibrationBins, "must be at least 1");
}
