using Espalier.Errors;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// What every attack is told that seeks the smallest change. Their radius may be infinite: then any adversarial input
/// counts, and what they report is its distance.
/// </summary>
public abstract record MinimumNormOptions : PerturbationOptions
{
    /// <summary>Without a limit, and to the end: the smallest change is looked for.</summary>
    private protected MinimumNormOptions() => (Epsilon, StopWhenFooled) = (double.PositiveInfinity, false);

    /// <summary>
    /// Bisections of the line from the clean input to the adversarial one that was found, each a query; 0 is none.
    /// </summary>
    public int RefinementSteps { get; init; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(RefinementSteps >= 0, nameof(RefinementSteps), RefinementSteps, "must not be negative");
    }

    /// <inheritdoc/>
    protected override bool MayBeUnbounded => true;

    private protected void RequireNorm(bool holds, string norms) => OptionsException.Require(holds, nameof(Norm), Norm, $"must be {norms}");
}
