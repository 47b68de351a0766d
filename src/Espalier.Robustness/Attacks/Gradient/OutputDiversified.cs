using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// Output diversified initialization (ODI; Tashiro et al., "Diversity Can Be Transferred", NeurIPS 2020) before steps on
/// the margin: the start ascends a random direction in the space of logits, w·z with w ~ U(-1, 1), so that starts lead
/// to different wrong classes.
/// </summary>
/// <param name="options">Norm, radius, steps, schedule.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class OutputDiversified(OutputDiversifiedOptions? options = null) : Attack(options ?? new())
{
    private const double Least = 0.01;
    private const int DirectionPurpose = 300_000;

    /// <summary>What the attack was told.</summary>
    public new OutputDiversifiedOptions Options => (OutputDiversifiedOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Gradients;

    /// <inheritdoc/>
    public override double Complexity => (double)(Options.DiversifyingSteps + Options.Steps) * Options.Restarts * Options.ExpectationPasses;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new OutputDiversified(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new OutputDiversified(Options with { Seed = seed });

    /// <summary>The length of a step as a share of epsilon.</summary>
    /// <param name="schedule">How it changes.</param>
    /// <param name="step">Counted from 0.</param>
    /// <param name="steps">Number of steps.</param>
    public static double RelativeStep(StepSchedule schedule, int step, int steps) => schedule switch
    {
        StepSchedule.Cosine => Least + ((1 - Least) * (1 + Math.Cos(Math.PI * step / steps)) / 2),
        StepSchedule.Cyclical => Least + ((1 - Least) * Math.Max(0, 1 - Math.Abs((6.0 * step / steps) - (2 * Math.Floor(1 + (3.0 * step / steps))) + 1))),
        StepSchedule.Step => step < 50 ? 1 : step < 100 ? 0.1 : Least,
        _ => throw new OptionsException(nameof(schedule), schedule, "must be Cosine, Cyclical or Step"),
    };

    internal override void Perturb(AttackedBatch batch)
    {
        AttackObjective objective = AttackObjective.Of(Options.Loss);
        for (int restart = 0; restart < Options.Restarts; restart++)
        {
            using var scope = torch.NewDisposeScope();
            using ActiveSamples? active = batch.Activate(Options.Epsilon);
            if (active is null)
                return;
            RowState x = active.Track(DrawStart(batch, active, restart, onSphere: false));
            RowState direction = active.Track(batch.Random(active, DirectionPurpose + restart).Uniform(batch.CleanScores!.index_select(0, active.Rows), -1, 1));
            for (int step = 0; step <= Options.DiversifyingSteps + Options.Steps; step++)
            {
                using var one = torch.NewDisposeScope();
                bool isLast = step == Options.DiversifyingSteps + Options.Steps;
                int climbed = step - Options.DiversifyingSteps;
                Ascent at = climbed < 0
                    ? batch.Climb(active, x.Value, scores => (scores * direction.Value).sum([1]), passes: Options.ExpectationPasses)
                    : batch.Climb(active, x.Value, objective, gradient: !isLast, passes: Options.ExpectationPasses);
                if (isLast)
                    break;
                double length = Options.Epsilon * (climbed < 0 ? 1 : RelativeStep(Options.Schedule, climbed, Options.Steps));
                x.Value = active.Region.Project(x.Value + length * active.Region.Steepest(at.Gradient!));
                if (batch.StopWhenFooled && !active.KeepWhere(at.Verdict.Fooled.logical_not()))
                    break;
            }
        }
    }
}
