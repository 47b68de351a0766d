using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// The L2 attack of Carlini and Wagner ("Towards Evaluating the Robustness of Neural Networks", IEEE S&amp;P 2017, section
/// VI): Adam on |δ|² + c · max(z_y - max_{j≠y} z_j + κ, 0), in a space that the box cannot be left in.
/// </summary>
/// <param name="options">Steps, weights, form; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class CarliniWagner(CarliniWagnerOptions? options = null) : TradeoffAttack(options ?? new())
{
    private const double LeastHinge = -20;
    private const double FixedSizeWeight = 2;

    /// <summary>What the attack was told.</summary>
    public new CarliniWagnerOptions Options => (CarliniWagnerOptions)base.Options;

    private protected override double SearchComplexity => Options.Form == CarliniWagnerForm.FixedTradeoff ? Options.Steps : (double)Options.Steps * Options.SearchSteps;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new CarliniWagner(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new CarliniWagner(Options with { Seed = seed });

    private protected override void Search(AttackedBatch batch, SmallestAdversarials smallest)
    {
        if (Options.Form == CarliniWagnerForm.TanhSpace)
            base.Search(batch, smallest);
        else
            SearchFixed(batch, smallest);
    }

    private protected override void Minimize(AttackedBatch batch, ActiveSamples active, SmallestAdversarials smallest, RowState tradeoff, Tensor fooled)
    {
        var space = new ChangeSpace(batch, active);
        var box = new TanhBox(batch.Target.Classifier.Bounds);
        RowState free = active.Track(box.Free(active.Start));
        var adam = new SampleAdam(active, free, Options.LearningRate);
        RowState lastLoss = active.Track(torch.full(active.Count, double.PositiveInfinity, dtype: free.Value.dtype, device: free.Value.device));
        for (int step = 0; step < Options.Steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            Tensor x = box.Inputs(free.Value);
            if (batch.Scales is { } scales)
                x = torch.where(scales.gt(0), x, active.Start);
            Ascent at = Climb(batch, active, x, scores => Hinge(active, scores, tradeoff.Value));
            Consider(active, smallest, x, at.Verdict, fooled);
            Tensor change = space.Changes(x);
            adam.Descend((at.Gradient! + 2 * Unscaled(batch, change)) * box.Slope(free.Value));
            Tensor loss = change.flatten(1).pow(2).sum([1]) + at.Loss;
            if (!KeepProgressing(active, step, loss, lastLoss) || !smallest.Keep(active))
                return;
        }
    }

    /// <summary>2|δ|² + max(z_y - max_{j≠y} z_j, -20), by Adam on δ.</summary>
    private void SearchFixed(AttackedBatch batch, SmallestAdversarials smallest)
    {
        using ActiveSamples? active = smallest.Activate();
        if (active is null)
            return;
        var space = new ChangeSpace(batch, active);
        RowState change = active.Track(space.None());
        var adam = new SampleAdam(active, change, Options.LearningRate);
        for (int step = 0; step < Options.Steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            Tensor x = space.Inputs(change.Value);
            Ascent at = Climb(batch, active, x, scores => Resistance(active, scores).clamp_min(LeastHinge));
            smallest.Consider(active, x, at.Verdict);
            adam.Descend(space.Scaled(at.Gradient!) + 2 * FixedSizeWeight * change.Value);
            change.Value = space.Changes(space.Inputs(change.Value));
            if (!smallest.Keep(active))
                return;
        }
    }

    // |δ/s|² has the gradient 2δ/s².
    private static Tensor Unscaled(AttackedBatch batch, Tensor change) =>
        batch.Scales is null ? change : (change / batch.Scales).masked_fill(batch.Scales.eq(0), 0);
}
