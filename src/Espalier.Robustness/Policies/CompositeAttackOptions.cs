using Espalier.Errors;
using Espalier.Robustness.Attacks;

namespace Espalier.Robustness.Policies;

/// <summary>Options of <see cref="CompositeAttack"/>.</summary>
public sealed record CompositeAttackOptions : PerturbationOptions
{
    /// <summary>The stages, in order; each of the attack's norm, and of a radius of at most the attack's.</summary>
    public IReadOnlyList<Attack> Stages { get; init; } = [];

    /// <summary>The stages' names, for results; their types' where there are none.</summary>
    public IReadOnlyList<string> StageNames { get; init; } = [];

    /// <summary>Where the stages begin.</summary>
    public ChainMode Mode { get; init; } = ChainMode.Best;

    /// <summary>In mode <see cref="ChainMode.Best"/>: the share of a random start that the stages after the first take, in [0, 1].</summary>
    public double RestartNoise { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Stages.Count > 0, nameof(Stages), 0, "must hold at least one attack");
        OptionsException.Require(StageNames.Count == 0 || StageNames.Count == Stages.Count, nameof(StageNames), StageNames.Count, "must hold one name per stage, or none");
        OptionsException.Require(Enum.IsDefined(Mode), nameof(Mode), Mode, "must be Best, Union or OfficialRandom");
        OptionsException.Require(RestartNoise is >= 0 and <= 1, nameof(RestartNoise), RestartNoise, "must lie in [0, 1]");
        foreach (Attack stage in Stages)
        {
            OptionsException.Require(stage.Options.Norm == Norm, nameof(Stages), stage.Options.Norm, $"must all be of the norm {Norm}: a robust accuracy speaks of one set of changes");
            OptionsException.Require(stage.Options.Epsilon <= Epsilon * (1 + 1e-9), nameof(Stages), stage.Options.Epsilon, FormattableString.Invariant($"must not reach further than the attack, {Epsilon}"));
        }
    }

    /// <inheritdoc/>
    protected override bool MayBeUnbounded => Stages.Any(s => double.IsPositiveInfinity(s.Options.Epsilon));

    /// <inheritdoc/>
    protected override bool AllowsL0 => true;
}
