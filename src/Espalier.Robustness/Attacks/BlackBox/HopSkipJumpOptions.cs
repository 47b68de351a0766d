using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="HopSkipJump"/>; the defaults are those of Chen et al. 2020.</summary>
public sealed record HopSkipJumpOptions : DecisionAttackOptions
{
    /// <summary>The most iterations; the queries may end it earlier.</summary>
    public int Iterations { get; init; } = 64;

    /// <summary>Probes of the first iteration; that number times √(i + 1) in the i-th after it.</summary>
    public int Probes { get; init; } = 100;

    /// <summary>The most probes of an iteration.</summary>
    public int MostProbes { get; init; } = 10_000;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Norm is Norm.L2 or Norm.LInf, nameof(Norm), Norm, "must be L2 or LInf");
        OptionsException.Require(Iterations >= 1, nameof(Iterations), Iterations, "must be at least 1");
        OptionsException.Require(Probes >= 1, nameof(Probes), Probes, "must be at least 1");
        OptionsException.Require(MostProbes >= Probes, nameof(MostProbes), MostProbes, $"must be at least {Probes}, the number of the first iteration");
    }
}
