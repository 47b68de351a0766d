using Espalier.Errors;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Policies;

/// <summary>
/// A composite adversarial attack (Mao et al., "Composite Adversarial Attacks", AAAI 2021): a sequence of attacks, each
/// beginning where those before it have come. Each stage moves an input at most its own radius from its start, and never
/// further than the attack's radius from the clean input; who is fooled leaves, so that later stages only pay for survivors.
/// </summary>
/// <param name="options">Stages, mode, norm and radius.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class CompositeAttack(CompositeAttackOptions options) : Attack(options)
{
    /// <summary>What the attack was told.</summary>
    public new CompositeAttackOptions Options => (CompositeAttackOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Options.Stages.Max(s => s.Access);

    /// <inheritdoc/>
    public override double Complexity => Options.Stages.Select((s, i) => s.Complexity * (Options.Mode == ChainMode.OfficialRandom && i > 0 ? 2 : 1)).Sum();

    /// <summary>The same stages with other radii, each in its proportion.</summary>
    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new CompositeAttack(Options with
    {
        Epsilon = epsilon,
        Stages = [.. Options.Stages.Select(s => s.WithEpsilon(Options.Epsilon > 0 && double.IsFinite(Options.Epsilon) ? Perturbations.Share(Options.Norm, epsilon, s.Options.Epsilon / Options.Epsilon) : epsilon))],
    });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new CompositeAttack(Options with { Seed = seed });

    private protected override void PerturbInStages(AttackedBatch batch) => Perturb(batch);

    internal override void Perturb(AttackedBatch batch)
    {
        for (int i = 0; i < Options.Stages.Count && (batch.AnyStands || !batch.StopWhenFooled); i++)
        {
            using var scope = torch.NewDisposeScope();
            Attack stage = Options.Stages[i];
            string name = Options.StageNames.Count > 0 ? Options.StageNames[i] : stage.GetType().Name;
            bool isChained = i > 0 && Options.Mode != ChainMode.Union;
            if (isChained && Options.Mode == ChainMode.OfficialRandom)
            {
                Tensor handedOn = batch.LastStart.clone();
                batch.BeginStage(i, name);
                stage.Perturb(batch);
                batch.BeginStage(i, name, handedOn, startNoise: 1, isSecondRun: true);
            }
            else
            {
                batch.BeginStage(i, name, isChained ? batch.Best.clone() : null, isChained ? Options.RestartNoise : 1);
            }

            stage.Perturb(batch);
        }
    }
}
