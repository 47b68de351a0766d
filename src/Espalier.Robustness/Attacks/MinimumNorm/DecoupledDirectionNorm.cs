using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// DDN (Rony et al., "Decoupling Direction and Norm for Efficient Gradient-Based L2 Adversarial Attacks and Defenses", CVPR
/// 2019, algorithm 1): steps along the normalised gradient of the cross entropy, after each of which the change is brought
/// onto a sphere whose radius shrinks while the model is fooled and grows while it is not.
/// </summary>
/// <param name="options">Steps and radii; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class DecoupledDirectionNorm(DecoupledDirectionNormOptions? options = null) : MinimumNormAttack(options ?? new())
{
    private const double LastStep = 0.01;
    private const double Tiny = 1e-12;
    private const int DirectionPurpose = 420_000;

    /// <summary>What the attack was told.</summary>
    public new DecoupledDirectionNormOptions Options => (DecoupledDirectionNormOptions)base.Options;

    private protected override double SearchComplexity => Options.Steps;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new DecoupledDirectionNorm(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new DecoupledDirectionNorm(Options with { Seed = seed });

    private protected override void Search(AttackedBatch batch, SmallestAdversarials smallest)
    {
        using ActiveSamples? active = smallest.Activate();
        if (active is null)
            return;
        AttackObjective loss = AttackObjective.Of(AttackLoss.CrossEntropy);
        var space = new ChangeSpace(batch, active);
        RowState change = active.Track(space.None());
        RowState radius = active.Track(torch.full(active.Count, Options.InitialNorm, dtype: change.Value.dtype, device: change.Value.device));
        for (int step = 0; step < Options.Steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            Tensor x = space.Inputs(change.Value);
            Ascent at = Climb(batch, active, x, scores => active.Targets is null ? loss.Away(scores, active.Labels) : loss.Toward(scores, active.Labels, active.Targets));
            Tensor fooled = smallest.Consider(active, x, at.Verdict);
            Tensor moved = change.Value + Cosine(1, LastStep, step, Options.Steps) * Direction(batch, active, space, at.Gradient!, step);
            radius.Value = torch.where(fooled, radius.Value * (1 - Options.Gamma), radius.Value * (1 + Options.Gamma));
            moved = moved * Perturbations.PerSample(radius.Value / (space.Size(moved) + Tiny), moved);
            change.Value = space.Changes(Quantized(space.Inputs(moved)));
            if (!smallest.Keep(active))
                return;
        }
    }

    // Where the gradient is zero, any direction is better than none.
    private static Tensor Direction(AttackedBatch batch, ActiveSamples active, ChangeSpace space, Tensor gradient, int step)
    {
        Tensor scaled = space.Scaled(gradient);
        Tensor isZero = scaled.flatten(1).abs().amax([1]).eq(0);
        if (isZero.any().item<bool>())
            scaled = torch.where(Perturbations.PerSample(isZero, scaled), space.Scaled(batch.Random(active, DirectionPurpose + step).Normal(scaled)), scaled);
        return scaled / Perturbations.PerSample(space.Size(scaled) + Tiny, scaled);
    }

    private Tensor Quantized(Tensor x) => Options.Levels is not { } levels ? x : (x * (levels - 1)).round() / (levels - 1);
}
