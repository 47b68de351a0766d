using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="BoundaryAttack"/>; step sizes are those of Brendel et al. 2018. Its geometry is that of L2.</summary>
public sealed record BoundaryAttackOptions : DecisionAttackOptions
{
    /// <summary>Creates the options; 25,000 queries.</summary>
    public BoundaryAttackOptions() => Queries = 25_000;

    /// <summary>The most steps; the queries may end it earlier.</summary>
    public int Steps { get; init; } = 25_000;

    /// <summary>The first step on the sphere, as a share of the distance.</summary>
    public double SphericalStep { get; init; } = 1e-2;

    /// <summary>The first step toward the input, as a share of the distance.</summary>
    public double SourceStep { get; init; } = 1e-2;

    /// <summary>What steps are multiplied or divided by when they succeed too often or too seldom.</summary>
    public double StepAdaptation { get; init; } = 1.5;

    /// <summary>How often the way from the starting point to the input is halved before the first step.</summary>
    public int Bisections { get; init; } = 10;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Norm == Norm.L2, nameof(Norm), Norm, "must be L2");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(SphericalStep > 0 && double.IsFinite(SphericalStep), nameof(SphericalStep), SphericalStep, "must be finite and above 0");
        OptionsException.Require(SourceStep is > 0 and < 1, nameof(SourceStep), SourceStep, "must be in (0, 1)");
        OptionsException.Require(StepAdaptation > 1 && double.IsFinite(StepAdaptation), nameof(StepAdaptation), StepAdaptation, "must be finite and above 1");
        OptionsException.Require(Bisections >= 0, nameof(Bisections), Bisections, "must not be negative");
    }
}
