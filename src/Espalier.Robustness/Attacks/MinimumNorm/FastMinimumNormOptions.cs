using Espalier.Errors;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Options of <see cref="FastMinimumNorm"/>; the defaults are the paper's.</summary>
public sealed record FastMinimumNormOptions : MinimumNormOptions
{
    /// <summary>Steps, each one gradient.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>α: the Euclidean length of the first step, in the unit of the inputs; it falls along a cosine.</summary>
    public double StepSize { get; init; } = 1;

    /// <summary>The length of the last step.</summary>
    public double LastStepSize { get; init; } = 0.01;

    /// <summary>γ: the share by which the radius changes at first; it falls along a cosine.</summary>
    public double Gamma { get; init; } = 0.05;

    /// <summary>The share at the last step.</summary>
    public double LastGamma { get; init; } = 0.001;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(StepSize > 0 && double.IsFinite(StepSize), nameof(StepSize), StepSize, "must be above 0");
        OptionsException.Require(LastStepSize > 0 && LastStepSize <= StepSize, nameof(LastStepSize), LastStepSize, "must be above 0 and not exceed stepSize");
        OptionsException.Require(Gamma is > 0 and < 1, nameof(Gamma), Gamma, "must lie in (0, 1)");
        OptionsException.Require(LastGamma > 0 && LastGamma <= Gamma, nameof(LastGamma), LastGamma, "must be above 0 and not exceed gamma");
    }
}
