using Espalier.Anomaly.Detectors;
using Espalier.Errors;

namespace Espalier.Recipes.Detection;

/// <summary>How a detector is fitted on a model and its data.</summary>
public sealed record DetectorFitOptions
{
    /// <summary>The detector with its settings.</summary>
    public string Detector { get; init; } = "energy";

    /// <summary>It is fitted on the first so many training samples; on all where null.</summary>
    public int? Fit { get; init; }

    /// <summary>The layer whose features are used; the last linear one where null.</summary>
    public string? Layer { get; init; }

    /// <summary>The share of in-distribution inputs that may raise an alarm, in (0, 1).</summary>
    public double FalseAlarms { get; init; } = 0.05;

    /// <summary>Training samples whose features are kept, to show beside an alarm; 0 for none.</summary>
    public int Examples { get; init; } = 1000;

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="NotFoundException">There is no detector of that name.</exception>
    public void Validate()
    {
        using (DetectorCatalog.Create(Detector))
        {
        }

        OptionsException.Require(Fit is null or >= 1, nameof(Fit), Fit, "must be at least 1");
        OptionsException.Require(FalseAlarms is > 0 and < 1, nameof(FalseAlarms), FalseAlarms, "must be above 0 and below 1");
        OptionsException.Require(Examples >= 0, nameof(Examples), Examples, "must not be negative");
    }
}
