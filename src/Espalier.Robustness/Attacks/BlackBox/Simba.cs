using Espalier.Errors;
using Espalier.Randomness;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The simple black-box attack (SimBA; Guo et al., "Simple Black-box Adversarial Attacks", ICML 2019) in the pixel basis: one
/// feature after the other, in random order, is moved up, or else down, where this makes the true class less likely.
/// </summary>
/// <param name="options">Norm, radius, queries, step; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class Simba(SimbaOptions? options = null) : Attack(options ?? new())
{
    /// <summary>What the attack was told.</summary>
    public new SimbaOptions Options => (SimbaOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Scores;

    /// <inheritdoc/>
    public override double Complexity => Options.Queries / 2.0;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new Simba(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new Simba(Options with { Seed = seed });

    internal override void Perturb(AttackedBatch batch)
    {
        using ActiveSamples? active = batch.Activate(Options.Epsilon);
        if (active is null || Options.Queries < 2)
            return;
        using var scope = torch.NewDisposeScope();
        RowState x = active.Track(active.Start.clone());
        RowState loss = active.Track(Loss(active, batch.IsChained ? batch.Judge(active, x.Value).Scores : batch.CleanScores!.index_select(0, active.Rows)));
        RowState order = active.Track(Orders(batch, active));
        RowState place = active.Track(torch.zeros(active.Count, dtype: torch.int64, device: x.Value.device));
        RowState isDown = active.Track(torch.zeros(active.Count, dtype: torch.@bool, device: x.Value.device));
        long features = order.Value.shape[1];
        for (int query = batch.IsChained ? 2 : 1; query < Options.Queries; query++)
        {
            batch.CancellationToken.ThrowIfCancellationRequested();
            using var iteration = torch.NewDisposeScope();
            // Each sample is at a feature of its own, on its way up or down: one query for each, every time.
            Tensor feature = order.Value.gather(1, place.Value.remainder(features).unsqueeze(1));
            Tensor length = torch.where(isDown.Value, -Options.StepSize, Options.StepSize).to(x.Value.dtype).unsqueeze(1);
            Tensor move = torch.zeros_like(x.Value).flatten(1).scatter(1, feature, length).view(x.Value.shape);
            Tensor candidate = active.Region.Project(x.Value + (batch.Scales is { } scales ? move * scales : move));
            Verdict at = batch.Judge(active, candidate);
            Tensor next = Loss(active, at.Scores);
            Tensor better = at.Fooled.logical_or(next.gt(loss.Value));
            x.Where(better, candidate);
            loss.Value = torch.where(better, next, loss.Value);
            Tensor isDone = better.logical_or(isDown.Value);
            place.Value = place.Value + isDone.to(torch.int64);
            isDown.Value = isDone.logical_not();
            if (batch.StopWhenFooled && !active.KeepWhere(at.Fooled.logical_not()))
                return;
        }
    }

    private static Tensor Loss(ActiveSamples active, Tensor scores)
    {
        AttackObjective unlikely = AttackObjective.Of(AttackLoss.CrossEntropy);
        return active.Targets is { } targets ? unlikely.Toward(scores, active.Labels, targets) : unlikely.Away(scores, active.Labels);
    }

    private static Tensor Orders(AttackedBatch batch, ActiveSamples active)
    {
        int features = (int)(batch.Clean.numel() / batch.Clean.shape[0]);
        long[] orders = new long[active.Count * features];
        int[] order = new int[features];
        ExampleRandom random = batch.Random(active, 0);
        for (int row = 0; row < active.Count; row++)
        {
            for (int i = 0; i < features; i++)
                order[i] = i;
            SplitMix64 stream = random.Stream(row);
            stream.Shuffle(order);
            for (int i = 0; i < features; i++)
                orders[(row * features) + i] = order[i];
        }

        return torch.tensor(orders, device: batch.Clean.device).view(active.Count, features);
    }
}
