using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Options of <see cref="JacobianSaliencyMap"/>; the defaults are the paper's.</summary>
public sealed record JacobianSaliencyMapOptions : MinimumNormOptions
{
    /// <summary>L1, the sum of all moves.</summary>
    public JacobianSaliencyMapOptions() => Norm = Norm.L1;

    /// <summary>θ: how far a feature is moved, as a share of its range (of 1 where it has none); negative lowers features.</summary>
    public double Theta { get; init; } = 1;

    /// <summary>γ: the largest share of the features that may be changed.</summary>
    public double MostFeatures { get; init; } = 0.1;

    /// <summary>How many wrong classes are wanted where the attack is given no targets.</summary>
    public int Targets { get; init; } = 1;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        OptionsException.Require(Theta is >= -1 and <= 1 and not 0, nameof(Theta), Theta, "must lie in [-1, 1] and not be 0");
        OptionsException.Require(MostFeatures is > 0 and <= 1, nameof(MostFeatures), MostFeatures, "must lie in (0, 1]");
        OptionsException.Require(Targets >= 1, nameof(Targets), Targets, "must be at least 1");
    }

    /// <inheritdoc/>
    protected override bool AllowsL0 => true;
}
