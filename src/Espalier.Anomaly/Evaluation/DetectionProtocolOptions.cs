using Espalier.Errors;

namespace Espalier.Anomaly.Evaluation;

/// <summary>Options of <see cref="DetectionProtocol"/>; the defaults are Hendrycks et al. 2019 for images.</summary>
public sealed record DetectionProtocolOptions
{
    /// <summary>Outliers per inlier, above 0: 1 to 5 by default. Average precision depends on it.</summary>
    public double OutliersPerInlier { get; init; } = 0.2;

    /// <summary>How many random draws of outliers are averaged.</summary>
    public int Draws { get; init; } = 10;

    /// <summary>Share of outliers to be found for the false-positive rate, in (0, 1]; 0.9 is customary for text.</summary>
    public double RecallLevel { get; init; } = 0.95;

    /// <summary>Whether the false-positive rate is computed as in the authors' code: at the recall nearest the level, pessimistic on plateaus.</summary>
    public bool Compat { get; init; }

    /// <summary>The draws are a function of this seed.</summary>
    public int Seed { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(OutliersPerInlier > 0, nameof(OutliersPerInlier), OutliersPerInlier, "must be above 0");
        OptionsException.Require(Draws >= 1, nameof(Draws), Draws, "must be at least 1");
        OptionsException.Require(RecallLevel is > 0 and <= 1, nameof(RecallLevel), RecallLevel, "must be above 0 and at most 1");
    }
}
