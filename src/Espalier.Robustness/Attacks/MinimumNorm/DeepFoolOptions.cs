using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Options of <see cref="DeepFool"/>; the defaults are the paper's and a refinement of what it finds.</summary>
public sealed record DeepFoolOptions : MinimumNormOptions
{
    /// <summary>L2, the paper's norm; six bisections take back most of the overshoot.</summary>
    public DeepFoolOptions() => (Norm, RefinementSteps) = (Norm.L2, 6);

    /// <summary>The most steps, each a gradient per class and a query.</summary>
    public int Steps { get; init; } = 50;

    /// <summary>How many of the likeliest classes are looked at, the true one included.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>η: by what share the sum of all steps is overshot.</summary>
    public double Overshoot { get; init; } = 0.02;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        RequireNorm(Norm is Norm.L2 or Norm.LInf, "L2 or LInf");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(Classes >= 2, nameof(Classes), Classes, "must be at least 2");
        OptionsException.Require(Overshoot >= 0 && double.IsFinite(Overshoot), nameof(Overshoot), Overshoot, "must not be negative");
    }
}
