using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// FAB (Croce and Hein, "Minimally Distorted Adversarial Examples with a Fast Adaptive Boundary Attack", ICML 2020,
/// algorithm 1): the boundary to another class is taken as linear, the iterate and the clean input are projected onto it
/// within the box, the next iterate lies a little beyond, between the two projections; from an adversarial one it goes
/// some way back. With targets it is FAB-T, AutoAttack's form, which needs one gradient a step instead of one per class: first the likeliest wrong class, then the
/// others side by side.
/// </summary>
/// <param name="options">Norm, steps, targets; FAB-T's of AutoAttack where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class FastAdaptiveBoundary(FastAdaptiveBoundaryOptions? options = null) : MinimumNormAttack(options ?? new())
{
    private const double LeastLength = 1e-8;
    private const double TargetSlack = 1e-3;
    private const int RestartPurpose = 410_000;

    /// <summary>What the attack was told.</summary>
    public new FastAdaptiveBoundaryOptions Options => (FastAdaptiveBoundaryOptions)base.Options;

    // An untargeted step takes a gradient for each class; the number of classes is the model's, ten is usual.
    private protected override double SearchComplexity => Options.Restarts * (double)Options.Steps * (Options.Targets > 0 ? 1.5 * Options.Targets : 9.5);

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new FastAdaptiveBoundary(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new FastAdaptiveBoundary(Options with { Seed = seed });

    private protected override void Search(AttackedBatch batch, SmallestAdversarials smallest)
    {
        bool isTargeted = Options.Targets > 0 && batch.Targets is null;
        Tensor classes = MultiTargeted.LikeliestWrongClasses(batch, isTargeted ? Options.Targets : int.MaxValue);
        for (int restart = 0; restart < Options.Restarts; restart++)
        {
            if (isTargeted)
            {
                // Most that fall do so on the way to the likeliest class; the gradients of the others are not spent on them.
                ApproachEach(batch, smallest, classes.narrow(1, 0, 1), restart, 0);
                if (classes.shape[1] > 1)
                    ApproachEach(batch, smallest, classes.narrow(1, 1, classes.shape[1] - 1), restart, 1);
                continue;
            }

            using var scope = torch.NewDisposeScope();
            using ActiveSamples? active = smallest.Activate();
            if (active is null)
                return;
            Approach(batch, smallest, active, classes.index_select(0, active.Rows), restart == 0 ? null : Direction(batch, active, restart, 0));
        }
    }

    /// <summary>Approaches the boundaries to several classes side by side, each from a row of its own, as many examples at once as a batch holds.</summary>
    private void ApproachEach(AttackedBatch batch, SmallestAdversarials smallest, Tensor classes, int restart, int first)
    {
        int count = (int)classes.shape[1];
        using var scope = torch.NewDisposeScope();
        using ActiveSamples? standing = smallest.Activate();
        if (standing is null)
            return;
        int atOnce = Math.Max(1, batch.MostRows / count);
        for (int start = 0; start < standing.Count; start += atOnce)
        {
            using var part = torch.NewDisposeScope();
            Tensor rows = standing.Rows.narrow(0, start, Math.Min(atOnce, standing.Count - start));
            using var examples = new ActiveSamples(batch, rows, standing.Region.Radius);
            using var pairs = new ActiveSamples(batch, rows.repeat_interleave(count), standing.Region.Radius);
            Tensor? directions = restart == 0 ? null
                : torch.stack([.. Enumerable.Range(first, count).Select(target => Direction(batch, examples, restart, target))], 1).flatten(0, 1);
            Approach(batch, smallest, pairs, classes.index_select(0, rows).view(-1, 1), directions);
        }
    }

    /// <summary>Approaches the nearest of the boundaries to the classes given.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="smallest">What is known.</param>
    /// <param name="active">The samples, of which one may stand in several rows.</param>
    /// <param name="classes">[active, outputs].</param>
    /// <param name="directions">[active, ...], of length one, where to start; null is at the clean input.</param>
    private void Approach(AttackedBatch batch, SmallestAdversarials smallest, ActiveSamples active, Tensor classes, Tensor? directions)
    {
        var space = new ChangeSpace(batch, active);
        RowState aims = active.Track(classes.clone());
        RowState down = active.Track(space.RoomDown().expand_as(active.Start).flatten(1));
        RowState up = active.Track(space.RoomUp().expand_as(active.Start).flatten(1));
        // Several classes may be ahead of a target: in the corner between their boundaries, steps that only just cross one
        // would get ever smaller without crossing all, and the pull to the clean input would lead back over the others.
        RowState slack = active.Track(active.Targets is null
            ? torch.zeros(active.Count, dtype: active.Start.dtype, device: active.Start.device)
            : TargetSlack * Resistance(active, batch.CleanScores!.index_select(0, active.Rows)).clamp_min(0));
        RowState change = active.Track(First(batch, smallest, active, space, directions).flatten(1));
        for (int step = 0; step < Options.Steps; step++)
        {
            using var one = torch.NewDisposeScope();
            Tensor x = space.Inputs(change.Value.view_as(active.Start));
            (Tensor lead, Tensor gradient) = ClassGradients.OfLeads(batch, active, x, aims.Value).Scaled(batch.Scales).Nearest(batch.Norm);
            lead = lead - slack.Value;
            Tensor fromHere = HyperplaneProjection.Displacement(batch.Norm, gradient, lead, down.Value + change.Value, up.Value - change.Value);
            Tensor fromClean = HyperplaneProjection.Displacement(batch.Norm, gradient, lead - (gradient * change.Value).sum([1]), down.Value, up.Value);
            Tensor here = Perturbations.Size(batch.Norm, fromHere).clamp_min(LeastLength);
            Tensor clean = Perturbations.Size(batch.Norm, fromClean).clamp_min(LeastLength);
            Tensor share = (here / (here + clean)).clamp_max(Options.LargestBias).unsqueeze(1);
            if (active.Targets is not null)
                share = share.masked_fill(smallest.DistanceOf(active).isinf().unsqueeze(1), 0);
            Tensor next = (change.Value + Options.Overshoot * fromHere) * (1 - share) + Options.Overshoot * fromClean * share;
            x = space.Inputs(next.view_as(active.Start));
            Tensor fooled = smallest.Consider(active, x, Look(batch, active, x));
            next = space.Changes(x).flatten(1);
            change.Value = torch.where(fooled.unsqueeze(1), next * Options.BackwardStep, next);
            if (!smallest.Keep(active))
                return;
        }
    }

    // Restarts begin half as far from the clean input as what is known or allowed.
    private static Tensor First(AttackedBatch batch, SmallestAdversarials smallest, ActiveSamples active, ChangeSpace space, Tensor? directions)
    {
        if (directions is null)
            return space.None();
        Tensor reach = smallest.DistanceOf(active).clamp_max(active.Region.Radius);
        reach = reach.masked_fill(reach.isfinite().logical_not(), 0) / 2;
        return space.Changes(batch.Target.Classifier.Bounds.Clamp(active.Start + directions * Perturbations.PerSample(reach, directions)));
    }

    private static Tensor Direction(AttackedBatch batch, ActiveSamples active, int restart, int target) =>
        active.Region.DrawOnSphere(active.Start, 1, batch.Random(active, RestartPurpose + (1000 * restart) + target));
}
