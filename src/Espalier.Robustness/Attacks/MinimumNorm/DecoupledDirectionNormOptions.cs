using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Options of <see cref="DecoupledDirectionNorm"/>; the defaults are the paper's, without quantisation.</summary>
public sealed record DecoupledDirectionNormOptions : MinimumNormOptions
{
    /// <summary>L2, the only norm there is.</summary>
    public DecoupledDirectionNormOptions() => Norm = Norm.L2;

    /// <summary>Steps, each one gradient.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>Radius of the first sphere, in the unit of the inputs.</summary>
    public double InitialNorm { get; init; } = 1;

    /// <summary>γ: the share by which the radius changes after each step.</summary>
    public double Gamma { get; init; } = 0.05;

    /// <summary>
    /// Iterates are rounded to multiples of 1/(levels - 1), so that a saved image of [0, 1] is the one found: 256 for 8
    /// bits, as in the paper. Null does not round.
    /// </summary>
    public int? Levels { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        RequireNorm(Norm == Norm.L2, "L2");
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(InitialNorm > 0 && double.IsFinite(InitialNorm), nameof(InitialNorm), InitialNorm, "must be above 0");
        OptionsException.Require(Gamma is > 0 and < 1, nameof(Gamma), Gamma, "must lie in (0, 1)");
        OptionsException.Require(Levels is null or >= 2, nameof(Levels), Levels, "must be at least 2");
    }
}
