using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Regions;

/// <summary>
/// At most so many pixels changed, each to whatever is legal (Croce and Hein, "Sparse and Imperceivable Adversarial Attacks", ICCV
/// 2019, section 2.2). The set is no convex one: the nearest point of it takes over the k pixels by which it comes most nearer, each
/// clipped into the box, and leaves the others. Within a chain a pixel that earlier stages have changed costs nothing of the threat's
/// number, and one that they have not is taken over only while there is something left of it.
/// </summary>
internal sealed class L0Region : PerturbationRegion
{
    private const double Tiny = 1e-12;

    private readonly RowState _clean;
    private readonly RowState _start;
    private readonly double _threat;

    /// <exception cref="OptionsException">The box is not finite: within it a changed pixel may go anywhere.</exception>
    public L0Region(RowState clean, double threat, RowState start, double radius, InputBounds bounds, Tensor? scales)
        : base(radius, bounds, scales)
    {
        OptionsException.Require(double.IsFinite(bounds.Lower) && double.IsFinite(bounds.Upper), nameof(bounds), $"{bounds.Lower} to {bounds.Upper}", "must be finite under L0: only they bound how far a pixel may go");
        (_clean, _start, _threat) = (clean, start, threat);
    }

    public override Tensor Project(Tensor candidates)
    {
        Tensor start = _start.Value;
        Tensor wanted = Scales is null ? candidates : torch.where(Scales.eq(0), start, candidates);
        Tensor legal = Bounds.Clamp(wanted);
        Tensor gain = Pixels.Squares(wanted - start) - Pixels.Squares(wanted - legal);
        if (!ReferenceEquals(_clean, _start))
            gain = Affordable(gain);
        Tensor taken = Pixels.Most(gain, Number(Radius)).logical_and(gain.gt(0));
        return torch.where(Pixels.Spread(taken, start), legal, start);
    }

    /// <summary>The step of PGD under L0: the gradient, of sum one. The ball says nothing of how far a pixel goes.</summary>
    public override Tensor Steepest(Tensor gradient)
    {
        Tensor movable = Scales is null ? gradient : gradient.masked_fill(Scales.eq(0), 0);
        return movable / (Perturbations.PerSample(movable.abs().flatten(1).sum([1]), movable) + Tiny);
    }

    /// <summary>Every feature drawn from its range; the pixels that move furthest are kept, as many as the radius says.</summary>
    public override Tensor Draw(Tensor like, double radius, ExampleRandom random)
    {
        Tensor lower = Bounds.LowerTensor(like);
        Tensor change = lower + (random.Uniform(like, 0, 1) * (Bounds.UpperTensor(like) - lower)) - like;
        if (Scales is not null)
            change = change.masked_fill(Scales.eq(0), 0);
        return change * Pixels.Spread(Pixels.Most(Pixels.Squares(change), Number(radius)), change);
    }

    public override Tensor DrawOnSphere(Tensor like, double radius, ExampleRandom random) => Draw(like, radius, random);

    // What a chain has left for pixels that it has not touched yet goes to those of largest gain.
    private Tensor Affordable(Tensor gain)
    {
        Tensor touched = Pixels.Largest(_start.Value - _clean.Value).gt(0);
        Tensor left = Number(_threat) - touched.sum([1], keepdim: true);
        Tensor rank = gain.masked_fill(touched, double.NegativeInfinity).argsort(1, descending: true).argsort(1);
        return gain.masked_fill(touched.logical_not().logical_and(rank.ge(left)), double.NegativeInfinity);
    }

    private static long Number(double radius) => radius < long.MaxValue ? (long)radius : long.MaxValue;
}
