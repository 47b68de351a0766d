using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Regions;

/// <summary>
/// Where the perturbed inputs of an attack's active samples may lie: the ball of the stage around its start, cut with the
/// ball of the threat around the clean input and with the box of legal inputs (caa.md 1.1, 1.2). Projections onto convex
/// sets do not grow distances, and each set holds the centers of the others: done one after another, none undoes another.
/// </summary>
internal abstract class PerturbationRegion
{
    private protected PerturbationRegion(double radius, InputBounds bounds, Tensor? scales)
    {
        Radius = radius;
        Bounds = bounds;
        Scales = scales;
    }

    /// <summary>Radius of the stage's ball.</summary>
    public double Radius { get; }

    protected InputBounds Bounds { get; }

    /// <summary>[1, ...]: what a unit of the norm is worth in each feature; null is 1 everywhere.</summary>
    protected Tensor? Scales { get; }

    /// <summary>The region of the active samples.</summary>
    /// <param name="norm">What measures a change.</param>
    /// <param name="active">The samples; the region's tensors shrink with them.</param>
    /// <param name="clean">[active, ...], the clean inputs.</param>
    /// <param name="threat">The largest change of a clean input.</param>
    /// <param name="start">[active, ...], where the stage begins.</param>
    /// <param name="radius">The largest change of a start.</param>
    /// <param name="bounds">Legal inputs.</param>
    /// <param name="scales">[1, ...] or null.</param>
    public static PerturbationRegion Of(Norm norm, ActiveSamples active, RowState clean, double threat, RowState start, double radius, InputBounds bounds, Tensor? scales) => norm switch
    {
        Norm.LInf => new LInfRegion(active, clean.Value, threat, start.Value, radius, bounds, scales),
        Norm.L2 => new L2Region(clean, threat, start, radius, bounds, scales),
        Norm.L1 => new L1Region(clean, threat, start, radius, bounds, scales),
        Norm.L0 => new L0Region(clean, threat, start, radius, bounds, scales),
        _ => throw new OptionsException(nameof(norm), norm, "must be LInf, L2, L1 or L0"),
    };

    /// <summary>Candidates brought into the region, [active, ...].</summary>
    public abstract Tensor Project(Tensor candidates);

    /// <summary>The direction of one unit in which a linear function of this gradient grows most, per sample.</summary>
    public abstract Tensor Steepest(Tensor gradient);

    /// <summary>Perturbations drawn from the ball of the radius given, uniformly by volume.</summary>
    public abstract Tensor Draw(Tensor like, double radius, ExampleRandom random);

    /// <summary>Perturbations in a random direction that reach the sphere of the radius given: the starts of AutoAttack.</summary>
    public abstract Tensor DrawOnSphere(Tensor like, double radius, ExampleRandom random);

    protected Tensor Scaled(Tensor perturbation) => Scales is null ? perturbation : perturbation * Scales;
}
