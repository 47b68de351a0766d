using Espalier.Errors;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="NoiseAttack"/>.</summary>
public sealed record NoiseAttackOptions : PerturbationOptions
{
    /// <summary>Draws, each one query.</summary>
    public int Draws { get; init; } = 100;

    /// <summary>Whether a draw is as large as the ball; otherwise it is uniform in the ball. In L0 all draws are as large.</summary>
    public bool OnSphere { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Draws >= 1, nameof(Draws), Draws, "must be at least 1");
    }

    /// <inheritdoc/>
    protected override bool AllowsL0 => true;
}
