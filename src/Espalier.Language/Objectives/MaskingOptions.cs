using Espalier.Errors;

namespace Espalier.Language.Objectives;

/// <summary>Which tokens a masked language model must find, and what stands in their place (Devlin et al. 2019, section 3.1).</summary>
public sealed record MaskingOptions
{
    /// <summary>The probability that an ordinary token is chosen, each for itself, in (0, 1].</summary>
    public double Probability { get; init; } = 0.15;

    /// <summary>The share of the chosen tokens that <c>[MASK]</c> replaces, in [0, 1].</summary>
    public double MaskShare { get; init; } = 0.8;

    /// <summary>The share of the chosen tokens that a uniformly random ordinary token replaces, in [0, 1]; the rest stays.</summary>
    public double RandomShare { get; init; } = 0.1;

    /// <summary>The seed of the masks in evaluations, which are the same each time.</summary>
    public int EvaluationSeed { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Probability is > 0 and <= 1, nameof(Probability), Probability, "must be above 0 and at most 1");
        OptionsException.Require(MaskShare is >= 0 and <= 1, nameof(MaskShare), MaskShare, "must lie in [0, 1]");
        OptionsException.Require(RandomShare >= 0 && MaskShare + RandomShare <= 1 + 1e-12, nameof(RandomShare), RandomShare, $"must not be negative, nor exceed 1 together with maskShare ({MaskShare})");
    }
}
