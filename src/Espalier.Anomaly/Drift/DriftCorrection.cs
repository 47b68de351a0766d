namespace Espalier.Anomaly.Drift;

/// <summary>How the tests of many features are kept from crying wolf together.</summary>
public enum DriftCorrection
{
    /// <summary>The probability of any false alarm is at most α.</summary>
    Bonferroni,

    /// <summary>The share of false ones among the features called drifted is at most α on average.</summary>
    BenjaminiHochberg,
}
