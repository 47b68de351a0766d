using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// APGD in L1 (Croce and Hein, "Mind the Box", ICML 2021): three phases whose radius comes down to epsilon, and steps on the
/// features of largest gradient, as many as the best perturbation uses.
/// </summary>
internal sealed class SparseAscent(AttackedBatch batch, AttackObjective objective, int steps, int passes = 1)
{
    private const double SparsityDivisor = 1.5;
    private const double LeastStep = 10;

    // Radius as a multiple of epsilon, and the share of the steps that it lasts.
    private static readonly (double Radius, double Share)[] s_phases = [(3, 0.3), (2, 0.3), (1, 0.4)];

    public void Run(ActiveSamples active, Tensor start, Tensor? aim)
    {
        RowState x = active.Track(start.clone());
        RowState? aims = aim is null ? null : active.Track(aim.clone());
        int done = 0;
        foreach ((double radius, double share) in s_phases)
        {
            using var scope = torch.NewDisposeScope();
            int count = radius == 1 ? steps - done : (int)Math.Round(share * steps);
            done += count;
            if (count > 0 && !Phase(active, x, aims, radius * active.Region.Radius, count, isLast: radius == 1))
                return;
        }
    }

    private bool Phase(ActiveSamples active, RowState x, RowState? aims, double radius, int count, bool isLast)
    {
        var region = (L1Region)active.Region;
        int features = (int)(x.Value.numel() / x.Value.shape[0]);
        x.Value = region.ProjectTo(x.Value, radius);
        Ascent at = Look(active, x.Value, aims, isLast, true);
        RowState gradient = active.Track(at.Gradient!);
        RowState best = active.Track(x.Value.clone());
        RowState bestGradient = active.Track(gradient.Value.clone());
        RowState bestLoss = active.Track(at.Loss);
        RowState step = active.Track(torch.full([active.Count, 1], radius, dtype: x.Value.dtype, device: x.Value.device));
        RowState sparsity = active.Track(torch.full([active.Count, 1], isLast ? 0.05 : 0.2, dtype: x.Value.dtype, device: x.Value.device));
        RowState used = active.Track(torch.full([active.Count, 1], features, dtype: x.Value.dtype, device: x.Value.device));
        if (isLast && !Keep(active, at))
            return false;
        int interval = Math.Max((int)(0.04 * steps), 1);
        for (int i = 0; i < count; i++)
        {
            using var scope = torch.NewDisposeScope();
            x.Value = region.ProjectTo(x.Value + (step.Value * Sparse(gradient.Value.flatten(1), sparsity.Value)).view(x.Value.shape), radius);
            bool ends = isLast && i == count - 1;
            at = Look(active, x.Value, aims, isLast, !ends);
            if (ends)
                return true;
            gradient.Value = at.Gradient!;
            Tensor better = at.Loss.gt(bestLoss.Value);
            best.Where(better, x.Value);
            bestGradient.Where(better, gradient.Value);
            bestLoss.Value = bestLoss.Value.maximum(at.Loss);
            if ((i + 1) % interval == 0)
            {
                Tensor nowUsed = (best.Value - active.Start).flatten(1).ne(0).sum([1], keepdim: true).to(x.Value.dtype);
                Tensor sparser = (nowUsed / used.Value.clamp_min(1)).lt(0.95);
                sparsity.Value = nowUsed / features / SparsityDivisor;
                step.Value = torch.where(sparser, torch.full_like(step.Value, radius), (step.Value / SparsityDivisor).clamp_min(radius / LeastStep));
                x.Where(sparser.squeeze(1), best.Value);
                gradient.Where(sparser.squeeze(1), bestGradient.Value);
                used.Value = nowUsed;
            }

            if (isLast && !Keep(active, at))
                return false;
        }

        x.Value = best.Value.clone();
        return true;
    }

    /// <summary>Iterates outside the ball lead the way; they are no adversarial inputs.</summary>
    private Ascent Look(ActiveSamples active, Tensor x, RowState? aims, bool isInside, bool gradient)
    {
        Tensor? aim = aims?.Value ?? active.Targets;
        return batch.Climb(active, x, scores => aim is null ? objective.Away(scores, active.Labels) : objective.Toward(scores, active.Labels, aim), gradient, passes, offer: isInside);
    }

    private bool Keep(ActiveSamples active, Ascent at) => !batch.StopWhenFooled || active.KeepWhere(at.Verdict.Fooled.logical_not());

    /// <summary>The signs of the largest gradients, of sum one.</summary>
    private static Tensor Sparse(Tensor gradient, Tensor share)
    {
        Tensor size = gradient.abs();
        Tensor sorted = size.sort(1, descending: true).Values;
        Tensor rank = (share * gradient.shape[1]).floor().clamp(1, gradient.shape[1]).to(torch.int64) - 1;
        Tensor signs = gradient.sign() * size.ge(sorted.gather(1, rank));
        return signs / (signs.abs().sum([1], keepdim: true) + 1e-10);
    }
}
