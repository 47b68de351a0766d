using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// FMN (Pintor et al., "Fast Minimum-norm Adversarial Attacks through Adaptive Norm Constraints", NeurIPS 2021, algorithm
/// 1): steps along the normalised gradient of the margin, projected into a ball whose radius is the linear estimate of the
/// boundary's distance until an adversarial input is found, and then shrinks and grows with every success and failure.
/// </summary>
/// <param name="options">Norm, steps, rates; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class FastMinimumNorm(FastMinimumNormOptions? options = null) : MinimumNormAttack(options ?? new())
{
    private const double Tiny = 1e-12;

    // A boundary that is linear would be met exactly, time and again, and not be crossed.
    private const double Beyond = 1.001;

    /// <summary>What the attack was told.</summary>
    public new FastMinimumNormOptions Options => (FastMinimumNormOptions)base.Options;

    private protected override double SearchComplexity => Options.Steps;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new FastMinimumNorm(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new FastMinimumNorm(Options with { Seed = seed });

    private protected override void Search(AttackedBatch batch, SmallestAdversarials smallest)
    {
        using ActiveSamples? active = smallest.Activate();
        if (active is null)
            return;
        var space = new ChangeSpace(batch, active);
        RowState change = active.Track(space.None());
        RowState widest = active.Track(space.Size(space.RoomDown().maximum(space.RoomUp()).expand_as(active.Start)));
        RowState radius = active.Track(widest.Value.clone());
        // How large the change was before it was clipped into the box: clipping shortens it, and a radius that forgot what
        // was cut off would not grow.
        RowState reach = active.Track(torch.zeros_like(radius.Value));
        for (int step = 0; step < Options.Steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            double rate = Cosine(Options.StepSize, Options.LastStepSize, step, Options.Steps);
            double gamma = Cosine(Options.Gamma, Options.LastGamma, step, Options.Steps);
            Tensor x = space.Inputs(change.Value);
            Ascent at = Climb(batch, active, x, scores => -Resistance(active, scores));
            Tensor fooled = smallest.Consider(active, x, at.Verdict);
            Tensor gradient = space.Scaled(at.Gradient!);
            Tensor known = smallest.DistanceOf(active);
            Tensor toBoundary = at.Loss.abs() / ClassGradients.DualSize(batch.Norm, gradient.flatten(1)).clamp_min(Tiny);
            Tensor grown = torch.where(known.isfinite(), radius.Value * (1 + gamma), Beyond * (reach.Value + toBoundary));
            radius.Value = torch.where(fooled, (radius.Value * (1 - gamma)).minimum(known), grown).minimum(widest.Value);
            Tensor length = Perturbations.PerSample(Perturbations.Size(Norm.L2, gradient).clamp_min(Tiny), gradient);
            Tensor moved = BallProjection.Project(batch.Norm, change.Value + rate * gradient / length, radius.Value);
            reach.Value = space.Size(moved);
            change.Value = space.Changes(space.Inputs(moved));
            if (!smallest.Keep(active))
                return;
        }
    }
}
