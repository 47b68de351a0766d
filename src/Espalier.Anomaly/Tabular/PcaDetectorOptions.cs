using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="PcaDetector"/>.</summary>
public sealed record PcaDetectorOptions
{
    /// <summary>What the score is.</summary>
    public PcaScore Score { get; init; } = PcaScore.ChiSquare;

    /// <summary>
    /// Leading components: those of the plane of a reconstruction, those that a sum runs over otherwise. All where null; for a
    /// reconstruction the fewest that hold 90 % of the variance.
    /// </summary>
    public int? Components { get; init; }

    /// <summary>Whether columns are brought to standard units first; otherwise the one with the largest numbers decides.</summary>
    public bool Standardize { get; init; } = true;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate() => OptionsException.Require(Components is null or >= 1, nameof(Components), Components, "must be at least 1");
}
