using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>Where an iterate is looked at and which way a step goes: plainly, at the iterate and along the gradient.</summary>
internal class GradientDirection(AttackedBatch batch, ActiveSamples active, AttackObjective objective, GradientAttackOptions options)
{
    protected AttackedBatch Batch { get; } = batch;

    protected ActiveSamples Active { get; } = active;

    protected AttackObjective Objective { get; } = objective;

    protected GradientAttackOptions Options { get; } = options;

    /// <summary>Looks at the model.</summary>
    /// <param name="x">[active, ...], the iterates.</param>
    /// <param name="step">Counted from 0.</param>
    /// <param name="gradient">Whether the gradient is wanted.</param>
    public virtual Ascent Look(Tensor x, int step, bool gradient) => Batch.Climb(Active, x, Objective, gradient: gradient, passes: Options.ExpectationPasses);

    /// <summary>The direction of a step of one unit.</summary>
    /// <param name="gradient">[active, ...].</param>
    /// <param name="step">Counted from 0.</param>
    public virtual Tensor Of(Tensor gradient, int step) => Active.Region.Steepest(gradient);
}
