using Espalier.Errors;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="BlendSearch"/>.</summary>
public sealed record BlendSearchOptions : DecisionAttackOptions
{
    /// <summary>How many starting points are blended with, one after the other; the queries may end it earlier.</summary>
    public int Starts { get; init; } = 10;

    /// <summary>How often the way from a starting point to the input is halved.</summary>
    public int Bisections { get; init; } = 15;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Starts is >= 1 and <= 100, nameof(Starts), Starts, "must be in 1..100");
        OptionsException.Require(Bisections >= 1, nameof(Bisections), Bisections, "must be at least 1");
    }
}
