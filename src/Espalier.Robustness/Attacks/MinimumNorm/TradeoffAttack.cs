using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// Attacks that minimise the size of the change and c times the classification loss max(z_y - max_{j≠y} z_j + κ, 0), for
/// a c that is searched for each sample. A leaf says how to minimise for a given c.
/// </summary>
public abstract class TradeoffAttack : MinimumNormAttack
{
    private const int Looks = 10;
    private const double LeastProgress = 0.9999;

    /// <summary>Creates the attack.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected TradeoffAttack(TradeoffOptions options) : base(options)
    {
    }

    /// <summary>What the attack was told.</summary>
    public new TradeoffOptions Options => (TradeoffOptions)base.Options;

    private protected override void Search(AttackedBatch batch, SmallestAdversarials smallest)
    {
        var tradeoff = new TradeoffSearch(batch.Clean.shape[0], Options.InitialTradeoff, batch.Clean);
        Tensor fooled = torch.zeros(batch.Clean.shape[0], dtype: torch.@bool, device: batch.Clean.device);
        for (int search = 0; search < Options.SearchSteps; search++)
        {
            using var scope = torch.NewDisposeScope();
            using ActiveSamples? active = smallest.Activate();
            if (active is null)
                return;
            Tensor rows = active.Rows.clone();
            fooled.fill_(false);
            Minimize(batch, active, smallest, active.Track(tradeoff.WeightOf(rows)), fooled);
            tradeoff.Learn(rows, fooled.index_select(0, rows));
        }
    }

    /// <summary>Minimises for given c.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="active">The samples.</param>
    /// <param name="smallest">Considers the iterates.</param>
    /// <param name="tradeoff">c, [active].</param>
    /// <param name="fooled">[n], bool: set where an iterate fools.</param>
    private protected abstract void Minimize(AttackedBatch batch, ActiveSamples active, SmallestAdversarials smallest, RowState tradeoff, Tensor fooled);

    /// <summary>c · max(z_y - max_{j≠y} z_j + κ, 0), [active].</summary>
    private protected Tensor Hinge(ActiveSamples active, Tensor scores, Tensor tradeoff) =>
        tradeoff * (Resistance(active, scores) + Options.Confidence).clamp_min(0);

    /// <summary>Has iterates considered, and notes where they fool.</summary>
    private protected void Consider(ActiveSamples active, SmallestAdversarials smallest, Tensor x, Verdict verdict, Tensor fooled)
    {
        Tensor which = smallest.Consider(active, x, verdict, Options.Confidence).nonzero().flatten();
        if (which.shape[0] > 0)
            fooled.index_fill_(0, active.Rows.index_select(0, which), true);
    }

    /// <summary>Every tenth of the steps, lets go of the samples that have not got on since the last look.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="step">Counted from 0.</param>
    /// <param name="loss">[active].</param>
    /// <param name="lastLoss">The loss at the last look.</param>
    /// <returns>Whether any are left.</returns>
    private protected bool KeepProgressing(ActiveSamples active, int step, Tensor loss, RowState lastLoss)
    {
        if (step % Math.Max(Options.Steps / Looks, 1) != 0)
            return true;
        Tensor progresses = loss.le(lastLoss.Value * LeastProgress);
        lastLoss.Value = loss.clone();
        return active.KeepWhere(progresses);
    }
}
