using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// The momentum iterative method (MI-FGSM; Dong et al., "Boosting Adversarial Attacks with Momentum", CVPR 2018) and its
/// kin, made to fool other models than the one whose gradients are taken: NI, DI, TI and VMI are switches of the options
/// and go together.
/// </summary>
/// <param name="options">Norm, radius, steps, switches.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class MomentumIterativeMethod(MomentumIterativeOptions? options = null) : GradientAttack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new MomentumIterativeOptions Options => (MomentumIterativeOptions)base.Options;

    /// <inheritdoc/>
    public override int Steps => Options.Steps;

    /// <inheritdoc/>
    public override double Complexity => base.Complexity * (1 + Options.VarianceSamples);

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new MomentumIterativeMethod(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new MomentumIterativeMethod(Options with { Seed = seed });

    /// <inheritdoc/>
    protected override int Restarts => 1;

    /// <inheritdoc/>
    protected override bool RandomStart => false;

    /// <inheritdoc/>
    protected override double StepSize(int step) => Options.Epsilon / Options.Steps;

    private protected override GradientDirection Direction(AttackedBatch batch, ActiveSamples active, int restart) =>
        new AccumulatedDirection(batch, active, AttackObjective.Of(Options.Loss), Options);
}
