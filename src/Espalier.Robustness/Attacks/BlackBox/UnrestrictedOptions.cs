using Espalier.Errors;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>What an attack is told that no norm bounds: a corruption or a move in space.</summary>
public abstract record UnrestrictedOptions : PerturbationOptions
{
    /// <summary>Creates the options; the radius is infinite.</summary>
    protected UnrestrictedOptions() => Epsilon = double.PositiveInfinity;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(double.IsPositiveInfinity(Epsilon), nameof(Epsilon), Epsilon,
            "must be infinite: no radius bounds what this attack does, and its robust accuracy is none of a radius");
    }

    /// <inheritdoc/>
    protected override bool MayBeUnbounded => true;
}
