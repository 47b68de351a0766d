using Espalier.Errors;

namespace Espalier.Anomaly.Exposure;

/// <summary>How a confidence is learned; the defaults are those of DeVries and Taylor 2018.</summary>
public sealed record ConfidenceBranchOptions
{
    /// <summary>β, above 0: what the confidence's loss is held near, by making its weight greater or smaller after each step.</summary>
    public double Budget { get; init; } = 0.3;

    /// <summary>The probability that a sample may ask for a hint, in (0, 1]: its label in the measure that the confidence is low.</summary>
    public double HintShare { get; init; } = 0.5;

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Budget > 0, nameof(Budget), Budget, "must be above 0");
        OptionsException.Require(HintShare is > 0 and <= 1, nameof(HintShare), HintShare, "must be above 0 and at most 1");
    }
}
