using Espalier.Errors;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Options of <see cref="MultiTargeted"/>; the defaults are APGD-T's of AutoAttack.</summary>
public sealed record MultiTargetedOptions : GradientAttackOptions
{
    /// <summary>Targeted difference of logits ratio, as in AutoAttack.</summary>
    public MultiTargetedOptions() => Loss = AttackLoss.DifferenceOfLogitsRatio;

    /// <summary>Steps per target, each one gradient.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>How many classes are aimed at, the likeliest first; at most one less than there are.</summary>
    public int Targets { get; init; } = 9;

    /// <summary>How often each target is aimed at from another start.</summary>
    public int Restarts { get; init; } = 1;

    /// <summary>Share of the new step beside the last one, in (0, 1]; 1 is without momentum.</summary>
    public double Momentum { get; init; } = 0.75;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(Targets >= 1, nameof(Targets), Targets, "must be at least 1");
        OptionsException.Require(Restarts >= 1, nameof(Restarts), Restarts, "must be at least 1");
        OptionsException.Require(Momentum is > 0 and <= 1, nameof(Momentum), Momentum, "must lie in (0, 1]");
    }
}
