using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// The loop of the attacks whose steps are of a length fixed beforehand: start, step along the gradient, project. A leaf
/// says how many steps of what length, and may bend the direction.
/// </summary>
public abstract class GradientAttack : Attack
{
    private readonly AttackObjective _objective;

    /// <summary>Creates the attack.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected GradientAttack(GradientAttackOptions options) : base(options) => _objective = AttackObjective.Of(options.Loss);

    /// <summary>What the attack was told.</summary>
    public new GradientAttackOptions Options => (GradientAttackOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Gradients;

    /// <inheritdoc/>
    public override double Complexity => (double)Steps * Restarts * Options.ExpectationPasses;

    /// <summary>Gradients per sample and start.</summary>
    public abstract int Steps { get; }

    /// <summary>How often the attack starts anew on the samples that still stand.</summary>
    protected abstract int Restarts { get; }

    /// <summary>Whether a start is drawn from the ball; otherwise it is the input itself.</summary>
    protected abstract bool RandomStart { get; }

    /// <summary>Length of a step, in the unit of the inputs.</summary>
    /// <param name="step">Counted from 0.</param>
    protected abstract double StepSize(int step);

    internal sealed override void Perturb(AttackedBatch batch)
    {
        for (int restart = 0; restart < Restarts; restart++)
        {
            using var scope = torch.NewDisposeScope();
            using ActiveSamples? active = batch.Activate(Options.Epsilon);
            if (active is null)
                return;
            Climb(batch, active, restart);
        }
    }

    /// <summary>The direction of a step of a start's climb.</summary>
    private protected virtual GradientDirection Direction(AttackedBatch batch, ActiveSamples active, int restart) => new(batch, active, _objective, Options);

    private void Climb(AttackedBatch batch, ActiveSamples active, int restart)
    {
        RowState x = active.Track(RandomStart ? DrawStart(batch, active, restart, onSphere: false) : active.Start.clone());
        GradientDirection direction = Direction(batch, active, restart);
        for (int step = 0; ; step++)
        {
            using var scope = torch.NewDisposeScope();
            bool isLast = step == Steps;
            Ascent ascent = direction.Look(x.Value, step, gradient: !isLast);
            if (isLast)
                return;

            x.Value = active.Region.Project(x.Value.add(direction.Of(ascent.Gradient!, step), alpha: StepSize(step)));
            if (batch.StopWhenFooled && !active.KeepWhere(ascent.Verdict.Fooled.logical_not()))
                return;
        }
    }
}
