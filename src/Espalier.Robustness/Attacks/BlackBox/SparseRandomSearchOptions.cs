using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Options of <see cref="SparseRandomSearch"/>; the defaults are the authors' for untargeted attacks under L0.</summary>
public sealed record SparseRandomSearchOptions : PerturbationOptions
{
    /// <summary>Ten pixels: L0 is the only norm there is.</summary>
    public SparseRandomSearchOptions() => (Norm, Epsilon) = (Norm.L0, 10);

    /// <summary>The most queries per sample, the look at the clean input among them.</summary>
    public int Queries { get; init; } = 10_000;

    /// <summary>α: the share of the changed pixels that are exchanged at first, in (0, 1]; it falls to a twentieth.</summary>
    public double Share { get; init; } = 0.3;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Norm == Norm.L0, nameof(Norm), Norm, "must be L0");
        OptionsException.Require(Queries is >= 1 and <= 1_000_000, nameof(Queries), Queries, "must be in 1..1000000");
        OptionsException.Require(Share is > 0 and <= 1, nameof(Share), Share, "must be in (0, 1]");
    }

    /// <inheritdoc/>
    protected override bool AllowsL0 => true;
}
