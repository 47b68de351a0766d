using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// σ-zero (Cinà et al., "σ-zero: Gradient-based Optimization of ℓ0-norm Adversarial Examples", ICLR 2025, algorithm 1): descends on
/// the margin, where it still resists, plus a smooth count of the changed pixels, Σ u²/(u²+σ), by Adam as the authors' code has it;
/// what is smaller than a threshold is set back, which rises while the model is fooled and falls while it is not. Of images a
/// pixel counts with all its channels.
/// </summary>
/// <param name="options">Steps, lengths, threshold; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class SigmaZero(SigmaZeroOptions? options = null) : MinimumNormAttack(options ?? new())
{
    private const double Tiny = 1e-12;
    private const double LastStep = 0.1;

    /// <summary>What the attack was told.</summary>
    public new SigmaZeroOptions Options => (SigmaZeroOptions)base.Options;

    private protected override double SearchComplexity => Options.Steps;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new SigmaZero(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new SigmaZero(Options with { Seed = seed });

    private protected override void Search(AttackedBatch batch, SmallestAdversarials smallest)
    {
        using ActiveSamples? active = smallest.Activate();
        if (active is null)
            return;
        InputBounds bounds = batch.Target.Classifier.Bounds;
        Tensor range = bounds.UpperTensor(active.Start) - bounds.LowerTensor(active.Start);
        if (batch.Scales is { } scales)
            range = range * scales.gt(0);

        // Changes in shares of the features' ranges: one that is zero leaves its feature as it is, to the bit.
        RowState change = active.Track(torch.zeros_like(active.Start));
        RowState threshold = active.Track(torch.full(active.Count, Options.Threshold, dtype: active.Start.dtype, device: active.Start.device));
        var adam = new SampleAdam(active, change, Options.StepSize);
        for (int step = 0; step < Options.Steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            double length = Cosine(Options.StepSize, LastStep * Options.StepSize, step, Options.Steps);
            Tensor x = bounds.Clamp(active.Start + range * change.Value);
            Ascent at = Climb(batch, active, x, scores => -Resistance(active, scores).clamp_min(0));
            Tensor fooled = smallest.Consider(active, x, at.Verdict);
            Tensor direction = range * at.Gradient! - CountGradient(change.Value, Options.Sigma) / Pixels.Count(x);
            Tensor steepest = Perturbations.PerSample(direction.flatten(1).abs().amax([1]).clamp_min(Tiny), direction);
            adam.Descend(-direction / steepest, length / Options.StepSize);
            Tensor moved = bounds.Clamp(active.Start + range * change.Value);
            Tensor next = ((moved - active.Start) / range).nan_to_num(0, 0, 0);
            threshold.Value = (threshold.Value + torch.where(fooled, Options.ThresholdStep * length, -Options.ThresholdStep * length).to(threshold.Value.dtype)).clamp(0, 1);
            Tensor isKept = Pixels.Largest(next).ge(threshold.Value.unsqueeze(1));
            change.Value = next * Pixels.Spread(isKept, next);
            if (!smallest.Keep(active))
                return;
        }
    }

    /// <summary>The gradient of Σ s/(s+σ) over pixels, with s the squared change of a pixel, [active, ...].</summary>
    /// <param name="change">[active, ...].</param>
    /// <param name="sigma">σ.</param>
    internal static Tensor CountGradient(Tensor change, double sigma) =>
        2 * sigma * change / Pixels.Spread((Pixels.Squares(change) + sigma).pow(2), change);
}
