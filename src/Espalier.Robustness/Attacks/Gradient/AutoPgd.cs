using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// Auto-PGD (APGD; Croce and Hein, "Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse
/// Parameter-free Attacks", ICML 2020, algorithm 1): projected gradient ascent with momentum whose step is halved, back at
/// the best iterate, when it does not pay. With no momentum it is the adaptive PGD of composite attacks (Mao et al. 2021),
/// with the margin as loss their CW.
/// </summary>
/// <param name="options">Norm, radius, steps, loss; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class AutoPgd(AutoPgdOptions? options = null) : Attack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new AutoPgdOptions Options => (AutoPgdOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Gradients;

    /// <inheritdoc/>
    public override double Complexity => (double)Options.Steps * Options.Restarts * Options.ExpectationPasses;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new AutoPgd(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new AutoPgd(Options with { Seed = seed });

    internal override void Perturb(AttackedBatch batch)
    {
        var ascent = new AdaptiveAscent(batch, AttackObjective.Of(Options.Loss), Options.Steps, Options.Momentum, Options.Rho, Options.ExpectationPasses);
        for (int restart = 0; restart < Options.Restarts; restart++)
        {
            using ActiveSamples? active = batch.Activate(Options.Epsilon);
            if (active is null)
                return;
            using var scope = torch.NewDisposeScope();
            ascent.Run(active, DrawStart(batch, active, restart, onSphere: true));
        }
    }
}
