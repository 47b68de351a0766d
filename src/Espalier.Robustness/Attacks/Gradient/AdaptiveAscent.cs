using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// The loop of APGD (Croce and Hein 2020, algorithm 1; caa-attacks.md 2.1), which almost all adaptive attackers run with a
/// loss of their own.
/// </summary>
internal sealed class AdaptiveAscent(AttackedBatch batch, AttackObjective objective, int steps, double momentum, double rho = 0.75, int passes = 1)
{
    private const int DirectionPurpose = 200_000;

    private readonly int _firstCheck = Math.Max((int)(0.22 * steps), 1);
    private readonly int _decrement = Math.Max((int)(0.03 * steps), 1);
    private readonly int _leastInterval = Math.Max((int)(0.06 * steps), 1);

    /// <summary>Climbs from a start.</summary>
    /// <param name="active">The samples; those that are fooled leave.</param>
    /// <param name="start">[active, ...], inside the region.</param>
    /// <param name="aim">[active], the classes that the loss goes for; null is what the attack is after.</param>
    public void Run(ActiveSamples active, Tensor start, Tensor? aim = null)
    {
        if (batch.Norm == Norm.L1)
        {
            new SparseAscent(batch, objective, steps, passes).Run(active, start, aim);
            return;
        }

        PerturbationRegion region = active.Region;
        RowState? aims = aim is null ? null : active.Track(aim.clone());
        RowState x = active.Track(start.clone());
        RowState previous = active.Track(start.clone());
        RowState best = active.Track(start.clone());
        RowState step = active.Track(Perturbations.PerSample(torch.full(active.Count, 2 * region.Radius, dtype: start.dtype, device: start.device), start));
        Ascent at = batch.Climb(active, x.Value, objective, aim, passes: passes);
        RowState gradient = active.Track(Usable(active, at.Gradient!, 0));
        RowState bestGradient = active.Track(gradient.Value.clone());
        RowState loss = active.Track(at.Loss);
        RowState bestLoss = active.Track(at.Loss.clone());
        RowState lastBestLoss = active.Track(at.Loss.clone());
        RowState wasReduced = active.Track(torch.ones(active.Count, dtype: torch.@bool, device: start.device));
        RowState rises = active.Track(torch.zeros(active.Count, dtype: start.dtype, device: start.device));
        if (!Keep(active, at))
            return;

        (int interval, int sinceCheck) = (_firstCheck, 0);
        for (int i = 0; i < steps; i++)
        {
            using var scope = torch.NewDisposeScope();
            bool isLast = i == steps - 1;
            Tensor next = region.Project(x.Value + step.Value * region.Steepest(gradient.Value));
            double a = i > 0 ? momentum : 1;
            if (a < 1)
                next = region.Project(x.Value + a * (next - x.Value) + (1 - a) * (x.Value - previous.Value));
            previous.Value = x.Value.alias();
            x.Value = next;
            at = batch.Climb(active, x.Value, objective, aims?.Value, gradient: !isLast, passes);
            if (isLast)
                return;
            gradient.Value = Usable(active, at.Gradient!, i + 1);
            rises.Value = rises.Value + at.Loss.gt(loss.Value);
            loss.Value = at.Loss;
            Tensor better = at.Loss.gt(bestLoss.Value);
            best.Where(better, x.Value);
            bestGradient.Where(better, gradient.Value);
            bestLoss.Value = bestLoss.Value.maximum(at.Loss);
            if (++sinceCheck == interval)
            {
                Tensor oscillates = rises.Value.le(rho * interval);
                Tensor isFlat = wasReduced.Value.logical_not().logical_and(bestLoss.Value.le(lastBestLoss.Value));
                Tensor reduce = oscillates.logical_or(isFlat);
                step.Value = torch.where(Perturbations.PerSample(reduce, step.Value), step.Value / 2, step.Value);
                x.Where(reduce, best.Value);
                gradient.Where(reduce, bestGradient.Value);
                wasReduced.Value = reduce;
                lastBestLoss.Value = bestLoss.Value.clone();
                rises.Value = torch.zeros_like(rises.Value);
                (interval, sinceCheck) = (Math.Max(interval - _decrement, _leastInterval), 0);
            }

            if (!Keep(active, at))
                return;
        }
    }

    private bool Keep(ActiveSamples active, Ascent at) => !batch.StopWhenFooled || active.KeepWhere(at.Verdict.Fooled.logical_not());

    /// <summary>Where the gradient is zero there is no steepest direction, and any is better than none.</summary>
    private Tensor Usable(ActiveSamples active, Tensor gradient, int step)
    {
        Tensor isZero = gradient.flatten(1).abs().amax([1]).eq(0);
        return isZero.any().item<bool>()
            ? torch.where(Perturbations.PerSample(isZero, gradient), batch.Random(active, DirectionPurpose + step).Signs(gradient), gradient)
            : gradient;
    }
}
