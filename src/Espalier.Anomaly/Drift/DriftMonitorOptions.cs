using Espalier.Errors;

namespace Espalier.Anomaly.Drift;

/// <summary>Options of <see cref="DriftMonitor"/>.</summary>
public sealed record DriftMonitorOptions
{
    /// <summary>Level of the tests, in (0, 1).</summary>
    public double Alpha { get; init; } = 0.05;

    /// <summary>How many features are tested together.</summary>
    public DriftCorrection Correction { get; init; } = DriftCorrection.Bonferroni;

    /// <summary>Quantile bins of the population stability index, at least 2.</summary>
    public int Bins { get; init; } = 10;

    /// <summary>Population stability index from which a feature counts as shifted, above 0; 0.25 is customary.</summary>
    public double StabilityLimit { get; init; } = 0.25;

    /// <summary>Permutations behind the p-value of the maximum mean discrepancy; 0 leaves that test out.</summary>
    public int Permutations { get; init; } = 200;

    /// <summary>Rows of each side that the maximum mean discrepancy looks at, at least 2: its time grows with their square.</summary>
    public int MostRows { get; init; } = 500;

    /// <summary>Reference rows that are kept, at least 10; a sample where there are more.</summary>
    public int MostReferenceRows { get; init; } = 10_000;

    /// <summary>Samples and permutations are a function of this seed.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Alpha is > 0 and < 1, nameof(Alpha), Alpha, "must be above 0 and below 1");
        OptionsException.Require(Bins >= 2, nameof(Bins), Bins, "must be at least 2");
        OptionsException.Require(StabilityLimit > 0, nameof(StabilityLimit), StabilityLimit, "must be above 0");
        OptionsException.Require(Permutations == 0 || Permutations + 1 >= 1 / Alpha, nameof(Permutations), Permutations, $"must be 0 or at least {Math.Ceiling(1 / Alpha - 1)} for a level of {Alpha}");
        OptionsException.Require(MostRows >= 2, nameof(MostRows), MostRows, "must be at least 2");
        OptionsException.Require(MostReferenceRows >= 10, nameof(MostReferenceRows), MostReferenceRows, "must be at least 10");
    }
}
