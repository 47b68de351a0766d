using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks;

/// <summary>What every attack is told: how far an input may be moved, and how the work is done.</summary>
public abstract record PerturbationOptions
{
    /// <summary>How the size of a perturbation is measured.</summary>
    public Norm Norm { get; init; } = Norm.LInf;

    /// <summary>
    /// The largest perturbation, in the unit of the inputs; 0 leaves them as they are. For images in [0, 1], 8/255 in
    /// L-inf and 0.5 in L2 are customary. In L0 it is a number of pixels, of which a part does not count.
    /// </summary>
    public double Epsilon { get; init; } = 8 / 255.0;

    /// <summary>
    /// Per feature, in row-major order, what its change is divided by before the norm is taken: 2 may move twice as far, 0
    /// is left as it is (a mask). Null is 1 everywhere.
    /// </summary>
    public IReadOnlyList<double>? FeatureScales { get; init; }

    /// <summary>Whether a sample is left alone once it is fooled; otherwise its loss is raised to the end.</summary>
    public bool StopWhenFooled { get; init; } = true;

    /// <summary>How many samples are attacked at once.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>All that is random is a function of this seed and the sample.</summary>
    public int Seed { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public virtual void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Norm) && (Norm != Norm.L0 || AllowsL0), nameof(Norm), Norm, AllowsL0 ? "must be LInf, L2, L1 or L0" : "must be LInf, L2 or L1");
        OptionsException.Require(Epsilon >= 0 && (double.IsFinite(Epsilon) || MayBeUnbounded), nameof(Epsilon), Epsilon, MayBeUnbounded ? "must not be negative" : "must be finite and not negative");
        OptionsException.Require(Norm != Norm.L0 || Epsilon is 0 or >= 1, nameof(Epsilon), Epsilon, "must be 0 or at least 1 under L0: it is a number of pixels");
        OptionsException.Require(FeatureScales is null || FeatureScales.All(s => s >= 0 && double.IsFinite(s)), nameof(FeatureScales), FeatureScales?.Min(), "must hold finite values, not negative");
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
    }

    /// <summary>Whether the radius may be infinite: for attacks that seek the smallest perturbation.</summary>
    protected virtual bool MayBeUnbounded => false;

    /// <summary>Whether the attack can count pixels: most need a ball that bounds how far each may go.</summary>
    protected virtual bool AllowsL0 => false;
}
