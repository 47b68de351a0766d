using Espalier.Errors;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Options of <see cref="AutoPgd"/>; the defaults are those of Croce and Hein 2020.</summary>
public sealed record AutoPgdOptions : GradientAttackOptions
{
    /// <summary>Steps T, each one gradient.</summary>
    public int Steps { get; init; } = 100;

    /// <summary>How often an attack starts anew on the samples that still stand.</summary>
    public int Restarts { get; init; } = 1;

    /// <summary>Share α of the new step beside the last one, in (0, 1]; 1 is without momentum.</summary>
    public double Momentum { get; init; } = 0.75;

    /// <summary>A step is halved where the loss rose in at most this share of the steps since it was looked at.</summary>
    public double Rho { get; init; } = 0.75;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Steps >= 1, nameof(Steps), Steps, "must be at least 1");
        OptionsException.Require(Restarts >= 1, nameof(Restarts), Restarts, "must be at least 1");
        OptionsException.Require(Momentum is > 0 and <= 1, nameof(Momentum), Momentum, "must lie in (0, 1]");
        OptionsException.Require(Rho is > 0 and <= 1, nameof(Rho), Rho, "must lie in (0, 1]");
    }
}
