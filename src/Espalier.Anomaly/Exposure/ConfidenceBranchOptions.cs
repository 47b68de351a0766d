namespace Espalier.Anomaly;

/// <summary>How a confidence is learned; the defaults are those of DeVries and Taylor 2018, with the exposure of Hendrycks et al. 2019, section 5.</summary>
public sealed record ConfidenceBranchOptions
{
    /// <summary>β, above 0: what the confidence's loss is held near, by making its weight greater or smaller after each step.</summary>
    public double Budget { get; init; } = 0.3;

    /// <summary>The probability that a sample may ask for a hint, in (0, 1]: its label in the measure that the confidence is low.</summary>
    public double HintShare { get; init; } = 0.5;

    /// <summary>λ of the outliers' loss -log(1 - b), not negative. The paper writes +log b, which has no lower end.</summary>
    public double Weight { get; init; } = 0.5;

    /// <summary>Outliers beside each training sample, at least 1.</summary>
    public int OutliersPerSample { get; init; } = 2;

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Budget > 0, nameof(Budget), Budget, "must be above 0");
        OptionsException.Require(HintShare is > 0 and <= 1, nameof(HintShare), HintShare, "must be above 0 and at most 1");
        OptionsException.Require(Weight >= 0, nameof(Weight), Weight, "must not be negative");
        OptionsException.Require(OutliersPerSample >= 1, nameof(OutliersPerSample), OutliersPerSample, "must be at least 1");
    }
}
