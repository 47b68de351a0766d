using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// What the attacks are told that see labels only and look for the smallest perturbation. With an infinite radius, the
/// default, they go on to the end of their queries; with a finite one a sample leaves as soon as it is within.
/// </summary>
public abstract record DecisionAttackOptions : PerturbationOptions
{
    /// <summary>Creates the options; the norm is L2, the radius infinite.</summary>
    protected DecisionAttackOptions() => (Norm, Epsilon) = (Norm.L2, double.PositiveInfinity);

    /// <summary>The most queries per sample, the look at the clean input and the search for a start among them.</summary>
    public int Queries { get; init; } = 5000;

    /// <summary>How many starting points of a kind are tried per sample before the next kind, or the attack is given up.</summary>
    public int StartTries { get; init; } = 100;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Queries >= 1, nameof(Queries), Queries, "must be at least 1");
        OptionsException.Require(StartTries >= 1, nameof(StartTries), StartTries, "must be at least 1");
    }

    /// <inheritdoc/>
    protected override bool MayBeUnbounded => true;
}
