using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// The multi-targeted attack (Gowal et al., "An Alternative Surrogate Loss for PGD-based Adversarial Testing", 2019) on
/// the loop of APGD: one wrong class after the other is aimed at, the likeliest first; a sample leaves with its first
/// success. With 100 steps it is AutoAttack's APGD-T. The order of the classes is that at the clean input, looked up once.
/// </summary>
/// <param name="options">Norm, radius, steps, targets; APGD-T's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class MultiTargeted(MultiTargetedOptions? options = null) : Attack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new MultiTargetedOptions Options => (MultiTargetedOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Gradients;

    /// <inheritdoc/>
    public override double Complexity => (double)Options.Steps * Options.Targets * Options.Restarts * Options.ExpectationPasses;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new MultiTargeted(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new MultiTargeted(Options with { Seed = seed });

    internal override void Perturb(AttackedBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        Tensor aims = LikeliestWrongClasses(batch, Options.Targets);
        var ascent = new AdaptiveAscent(batch, AttackObjective.Of(Options.Loss), Options.Steps, Options.Momentum, passes: Options.ExpectationPasses);
        for (int restart = 0; restart < Options.Restarts; restart++)
        {
            for (int target = 0; target < aims.shape[1]; target++)
            {
                using var climb = torch.NewDisposeScope();
                using ActiveSamples? active = batch.Activate(Options.Epsilon);
                if (active is null)
                    return;
                Tensor aim = aims.index_select(0, active.Rows).select(1, target);
                ascent.Run(active, DrawStart(batch, active, (restart * (int)aims.shape[1]) + target, onSphere: true), aim);
            }
        }
    }

    /// <summary>The classes to aim at: the attack's target, or the likeliest wrong ones of the clean input.</summary>
    /// <returns>[n, targets].</returns>
    internal static Tensor LikeliestWrongClasses(AttackedBatch batch, int count)
    {
        if (batch.Targets is { } targets)
            return targets.unsqueeze(1);
        Tensor scores = batch.CleanScores!;
        int available = Math.Min(count, (int)scores.shape[1] - 1);
        return AttackObjective.Others(scores, batch.Labels).topk(available, 1).indexes;
    }
}
