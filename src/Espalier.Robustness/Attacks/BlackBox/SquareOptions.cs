using Espalier.Errors;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="Square"/>; the defaults are AutoAttack's, but for the schedule.</summary>
public sealed record SquareOptions : PerturbationOptions
{
    /// <summary>The most queries per sample, the look at the clean input among them.</summary>
    public int Queries { get; init; } = 5000;

    /// <summary>p: the share of an image that the first squares cover, in (0, 1].</summary>
    public double Share { get; init; } = 0.8;

    /// <summary>
    /// Whether the squares shrink over as many queries as there are, as in the authors' code; otherwise as with 10,000
    /// whatever their number, so that fewer queries end with squares that are still large: AutoAttack's version.
    /// </summary>
    public bool RescaleSchedule { get; init; } = true;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Queries is >= 1 and <= 1_000_000, nameof(Queries), Queries, "must be in 1..1000000");
        OptionsException.Require(Share is > 0 and <= 1, nameof(Share), Share, "must be in (0, 1]");
    }
}
