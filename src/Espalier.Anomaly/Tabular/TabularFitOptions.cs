using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="TabularFit"/>.</summary>
public sealed record TabularFitOptions
{
    /// <summary>Which detector, with its options as text.</summary>
    public string Detector { get; init; } = "isolation-forest";

    /// <summary>Share of the rows that is held out for the threshold, in (0, 1); unused where calibration rows are given.</summary>
    public double CalibrationShare { get; init; } = 0.3;

    /// <summary>The share of ordinary rows that may raise an alarm, in (0, 1).</summary>
    public double FalseAlarms { get; init; } = 0.05;

    /// <summary>The probability that the held-out rows drawn break that promise, in (0, 1); null for a promise on average over their draw.</summary>
    public double? Delta { get; init; }

    /// <summary>Which rows are held out is a function of this seed.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(CalibrationShare is > 0 and < 1, nameof(CalibrationShare), CalibrationShare, "must be above 0 and below 1");
        OptionsException.Require(FalseAlarms is > 0 and < 1, nameof(FalseAlarms), FalseAlarms, "must be above 0 and below 1");
        OptionsException.Require(Delta is null or (> 0 and < 1), nameof(Delta), Delta, "must be above 0 and below 1");
    }
}
