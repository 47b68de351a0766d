using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="RobustCovariance"/>; the defaults are Rousseeuw and Van Driessen 1999.</summary>
public sealed record RobustCovarianceOptions
{
    /// <summary>
    /// Share of the rows that the ellipsoid is fitted to, above 0.5 and at most 1; (n+d+1)/2 rows where null, which resists the most
    /// outliers. 1 gives the classical mean and covariance.
    /// </summary>
    public double? Support { get; init; }

    /// <summary>Random starts, at least 1.</summary>
    public int Starts { get; init; } = 500;

    /// <summary>The starts are a function of this seed and the rows.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Support is null or (> 0.5 and <= 1), nameof(Support), Support, "must be above 0.5 and at most 1");
        OptionsException.Require(Starts >= 1, nameof(Starts), Starts, "must be at least 1");
    }
}
