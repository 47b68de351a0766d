using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// Sparse-RS (Croce, Andriushchenko, Singh, Flammarion, Hein, "Sparse-RS: a versatile framework for query-efficient sparse black-box
/// adversarial attacks", AAAI 2022, algorithm 1 for L0): k pixels at the ends of their range; some of them are exchanged for others
/// with random ends, fewer and fewer, and the exchange is kept where it raises the margin (with targets, lowers the
/// cross-entropy). Scores only, and exactly as many queries as it is given.
/// </summary>
/// <param name="options">Pixels, queries, share; the authors' where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class SparseRandomSearch(SparseRandomSearchOptions? options = null) : Attack(options ?? new())
{
    private static readonly AttackObjective s_crossEntropy = AttackObjective.Of(AttackLoss.CrossEntropy);

    // The paper's schedule for 10,000 iterations: up to which one, and what the share is divided by.
    private static readonly (int Iteration, double Divisor)[] s_schedule = [(0, 1), (50, 2), (200, 4), (500, 5), (1000, 6), (2000, 8), (4000, 10), (6000, 12), (8000, 15), (int.MaxValue, 20)];

    /// <summary>What the attack was told.</summary>
    public new SparseRandomSearchOptions Options => (SparseRandomSearchOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Scores;

    /// <inheritdoc/>
    public override double Complexity => Options.Queries / 2.0;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new SparseRandomSearch(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new SparseRandomSearch(Options with { Seed = seed });

    internal override void Perturb(AttackedBatch batch)
    {
        using ActiveSamples? active = batch.Activate(Options.Epsilon);
        if (active is null || Options.Queries < 2 || Options.Epsilon < 1)
            return;
        using var scope = torch.NewDisposeScope();
        var proposal = new PixelExchange(batch, active, (int)Math.Min(Options.Epsilon, int.MaxValue));
        RowState x = active.Track(active.Region.Project(proposal.Start()));
        Verdict at = batch.Judge(active, x.Value);
        RowState loss = active.Track(Loss(active, at));
        // The look at the clean input and the one at the start are queries too.
        for (int i = 1; i <= Options.Queries - 2; i++)
        {
            if (batch.StopWhenFooled && !active.KeepWhere(at.Fooled.logical_not()))
                return;
            batch.CancellationToken.ThrowIfCancellationRequested();
            using var iteration = torch.NewDisposeScope();
            Tensor candidate = active.Region.Project(proposal.Next(x.Value, i, Options.Share / Divisor(i)));
            at = batch.Judge(active, candidate);
            Tensor latest = Loss(active, at);
            Tensor better = at.Fooled.logical_or(latest.gt(loss.Value));
            x.Where(better, candidate);
            loss.Value = torch.where(better, latest, loss.Value);
            proposal.Take(better);
            at.Fooled.MoveToOuterDisposeScope();
        }
    }

    private static Tensor Loss(ActiveSamples active, Verdict at) =>
        active.Targets is { } targets ? s_crossEntropy.Toward(at.Scores, active.Labels, targets) : at.Margin;

    private double Divisor(int iteration)
    {
        int scaled = (int)(iteration / (double)Options.Queries * 10_000);
        return s_schedule.First(s => scaled <= s.Iteration).Divisor;
    }
}
