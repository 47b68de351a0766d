using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Regions;

/// <summary>The intersection of boxes is a box: one pair of ends per feature, computed once.</summary>
internal sealed class LInfRegion : PerturbationRegion
{
    private readonly RowState _lower;
    private readonly RowState _upper;

    public LInfRegion(ActiveSamples active, Tensor clean, double threat, Tensor start, double radius, InputBounds bounds, Tensor? scales)
        : base(radius, bounds, scales)
    {
        using var scope = torch.NewDisposeScope();
        Tensor reach = scales is null ? clean.new_ones(1) : scales;
        Tensor lower = bounds.Clamp((start - Reach(reach, radius)).maximum(clean - Reach(reach, threat)));
        Tensor upper = bounds.Clamp((start + Reach(reach, radius)).minimum(clean + Reach(reach, threat)));
        _lower = active.Track(lower);
        _upper = active.Track(upper);
    }

    public override Tensor Project(Tensor candidates) => candidates.maximum(_lower.Value).minimum(_upper.Value);

    public override Tensor Steepest(Tensor gradient) => Scaled(gradient.sign());

    public override Tensor Draw(Tensor like, double radius, ExampleRandom random) => Scaled(random.Uniform(like, -radius, radius));

    public override Tensor DrawOnSphere(Tensor like, double radius, ExampleRandom random)
    {
        Tensor direction = random.Uniform(like, -1, 1);
        return Scaled(direction * (radius / Perturbations.PerSample(Perturbations.Size(Norm.LInf, direction), direction)));
    }

    // Infinity times a scale of zero would be no number.
    private static Tensor Reach(Tensor scales, double radius) => double.IsFinite(radius) ? scales * radius : scales.masked_fill(scales.gt(0), radius);
}
