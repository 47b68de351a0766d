using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The attacks that try one variant of an input after the other, without learning from the answers: the first that fools
/// the model counts, else that of the highest margin (of a model that gives labels only, the first).
/// </summary>
public abstract class SamplingAttack : Attack
{
    /// <summary>Creates the attack.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected SamplingAttack(PerturbationOptions options) : base(options)
    {
    }

    /// <inheritdoc/>
    public sealed override Access Access => Access.Labels;

    /// <inheritdoc/>
    public sealed override double Complexity => Variants / 2.0;

    /// <summary>How many variants of an input are tried, each one query.</summary>
    public abstract int Variants { get; }

    internal sealed override void Perturb(AttackedBatch batch)
    {
        using ActiveSamples? active = batch.Activate(Options.Epsilon);
        if (active is null)
            return;
        bool givesScores = AttackTarget.Offers(batch.Target.Classifier) >= Access.Scores;
        for (int variant = 0; variant < Variants; variant++)
        {
            batch.CancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            Tensor x = active.Region.Project(Variant(batch, active, variant));
            Tensor fooled = givesScores ? batch.Judge(active, x).Fooled : batch.Decide(active, x);
            if (batch.StopWhenFooled && !active.KeepWhere(fooled.logical_not()))
                return;
        }
    }

    /// <summary>A variant of the active samples' starts, [active, ...]; it is brought into the region afterwards.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="active">The samples.</param>
    /// <param name="variant">Counted from 0.</param>
    private protected abstract Tensor Variant(AttackedBatch batch, ActiveSamples active, int variant);
}
