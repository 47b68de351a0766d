using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="Hbos"/>; the defaults are PyOD's.</summary>
public sealed record HbosOptions
{
    /// <summary>Bins of equal width per column, at least 2.</summary>
    public int Bins { get; init; } = 10;

    /// <summary>What is added to a density before its logarithm is taken, above 0.</summary>
    public double Alpha { get; init; } = 0.1;

    /// <summary>How far outside all bins, in bin widths, a value still counts to the bin at the edge, at least 0.</summary>
    public double Tolerance { get; init; } = 0.5;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Bins >= 2, nameof(Bins), Bins, "must be at least 2");
        OptionsException.Require(Alpha > 0 && double.IsFinite(Alpha), nameof(Alpha), Alpha, "must be above 0");
        OptionsException.Require(Tolerance >= 0, nameof(Tolerance), Tolerance, "must not be negative");
    }
}
