using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// EAD (Chen et al., "EAD: Elastic-Net Attacks to Deep Neural Networks via Adversarial Examples", AAAI 2018, algorithm 1):
/// |δ|² + β|δ|₁ + c · max(z_y - max_{j≠y} z_j + κ, 0), by FISTA: a gradient step from an extrapolated point, then
/// soft thresholding by β, which leaves most features as they were.
/// </summary>
/// <param name="options">Steps, weights, β; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class ElasticNet(ElasticNetOptions? options = null) : TradeoffAttack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new ElasticNetOptions Options => (ElasticNetOptions)base.Options;

    private protected override double SearchComplexity => 1.5 * Options.Steps * Options.SearchSteps;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new ElasticNet(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new ElasticNet(Options with { Seed = seed });

    private protected override void Minimize(AttackedBatch batch, ActiveSamples active, SmallestAdversarials smallest, RowState tradeoff, Tensor fooled)
    {
        var space = new ChangeSpace(batch, active);
        RowState change = active.Track(space.None());
        RowState ahead = active.Track(space.None());
        RowState lastLoss = active.Track(torch.full(active.Count, double.PositiveInfinity, dtype: change.Value.dtype, device: change.Value.device));
        for (int step = 0; step < Options.Steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            Tensor point = ahead.Value;
            Ascent at = Climb(batch, active, space.Inputs(point), scores => Hinge(active, scores, tradeoff.Value));
            double rate = Options.LearningRate * Math.Sqrt(1 - (step / (double)Options.Steps));
            Tensor stepped = point - rate * (space.Scaled(at.Gradient!) + 2 * point);
            Tensor x = space.Inputs((stepped.abs() - Options.Beta).clamp_min(0) * stepped.sign());
            Tensor next = space.Changes(x);
            Consider(active, smallest, x, Look(batch, active, x), fooled);
            // An extrapolated point outside the box is no legal input: the model is asked at the nearest that is.
            ahead.Value = space.Changes(space.Inputs(next + step / (step + 3.0) * (next - change.Value)));
            change.Value = next;
            Tensor flat = next.flatten(1);
            Tensor loss = flat.pow(2).sum([1]) + Options.Beta * flat.abs().sum([1]) + at.Loss;
            if (!KeepProgressing(active, step, loss, lastLoss) || !smallest.Keep(active))
                return;
        }
    }
}
