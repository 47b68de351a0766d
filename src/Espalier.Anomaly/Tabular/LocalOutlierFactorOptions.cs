using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="LocalOutlierFactor"/>.</summary>
public sealed record LocalOutlierFactorOptions
{
    /// <summary>Rows of a neighbourhood (MinPts), at least 1 and below the rows of the fit.</summary>
    public int Neighbours { get; init; } = 20;

    /// <summary>Whether columns are brought to standard units first; otherwise the one with the largest numbers decides.</summary>
    public bool Standardize { get; init; } = true;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate() => OptionsException.Require(Neighbours >= 1, nameof(Neighbours), Neighbours, "must be at least 1");
}
