using System.Diagnostics;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Policies;

namespace Espalier.Robustness.Evaluation;

/// <summary>
/// Robust accuracy that can be believed: every success is looked at a second time, alone; counts, intervals and the signs of
/// a model that hides rather than resists are part of the report; a killed evaluation goes on where it was (caa.md 4).
/// </summary>
/// <param name="options">Workers, budgets, checkpoint.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class RobustnessEvaluation(RobustnessEvaluationOptions? options = null)
{
    /// <summary>What the evaluation was told.</summary>
    public RobustnessEvaluationOptions Options { get; } = Validated(options ?? new());

    /// <summary>Attacks a model.</summary>
    /// <param name="classifier">The model, of at least the attack's <see cref="Access"/>.</param>
    /// <param name="inputs">[n, ...], float, inside the model's bounds; n at least 1.</param>
    /// <param name="labels">[n], int64, the true classes.</param>
    /// <param name="attack">The attack, such as what a policy builds.</param>
    /// <param name="progress">Told the share done, in (0, 1].</param>
    /// <param name="cancellationToken">Stops; finished batches stay in the checkpoint.</param>
    /// <exception cref="ShapeException">Inputs or labels have another shape.</exception>
    /// <exception cref="DataException">There is no input, a label is out of range or an input outside the bounds.</exception>
    /// <exception cref="OptionsException">The model does not offer what the attack needs.</exception>
    /// <exception cref="ModelOutputException">The model answers with no finite numbers, or cuts the graph to its inputs.</exception>
    /// <exception cref="CheckpointException">The checkpoint is of another evaluation.</exception>
    public EvaluatedRobustness Run(IClassifier classifier, Tensor inputs, Tensor labels, Attack attack, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        if (inputs.dim() == 0 || inputs.shape[0] == 0)
            throw new DataException("inputs", "are empty", "give at least one");
        ClassifierInputs.Check(classifier, inputs);
        ClassifierInputs.CheckClasses(classifier, labels, inputs.shape[0], nameof(labels));
        attack.Require(classifier);
        string name = attack is CompositeAttack composite ? Names(composite) : attack.GetType().Name;
        TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        inputs = AttackTarget.Precise(inputs);
        var meter = new QueryMeter(Options.MaxQueries);
        var target = new AttackTarget(classifier, meter, inputs);
        var checkpoint = new EvaluationCheckpoint(Options.Checkpoint, () => EvaluationCheckpoint.Identity(target, inputs, labels, name, attack.Options));
        long[] keys = RowKeys.Seeds(inputs);
        IReadOnlyList<RobustnessFinding> signs = TargetSigns.Of(target, inputs, labels);
        bool isRandom = signs.Any(f => f.Code == TargetSigns.Randomised);
        EvaluatedBatch?[] batches = Attacked(target, inputs, labels, keys, attack, checkpoint, progress, cancellationToken);
        Tensor adversarials = inputs.clone();
        var outcomes = new ExampleOutcome[inputs.shape[0]];
        long[] truth = labels.cpu().data<long>().ToArray();
        for (int i = 0; i < batches.Length; i++)
        {
            int start = i * attack.Options.BatchSize;
            int size = (int)Math.Min(attack.Options.BatchSize, inputs.shape[0] - start);
            if (batches[i] is { } done)
                adversarials.narrow(0, start, size).copy_(done.Adversarials);
            for (int row = 0; row < size; row++)
            {
                outcomes[start + row] = batches[i] is { } b
                    ? new ExampleOutcome((int)truth[start + row], b.Outcome.Correct[row], b.Outcome.Stage[row], b.Outcome.Distance[row], 0, b.Outcome.Queries[row], b.Outcome.Gradients[row])
                    : new ExampleOutcome((int)truth[start + row], true, -1, 0, 0, 0, 0);
            }
        }

        var second = new SecondLook(target, attack.Options, isRandom ? Options.MajorityPasses : 1, Options.EightBit);
        AdversarialVerification verification = second.Run(inputs, labels, adversarials, outcomes);
        EvaluatedBatch.BatchRecord[] records = [.. batches.Where(b => b is not null).Select(b => b!.Outcome)];
        var stages = new List<AttackStageTally>();
        foreach (EvaluatedBatch.BatchRecord record in records)
            AttackStageTally.Add(stages, record.Stages);
        var report = new RobustnessReport
        {
            Attack = name,
            Norm = attack.Options.Norm,
            Epsilon = attack.Options.Epsilon,
            Seed = attack.Options.Seed,
            Count = outcomes.Length,
            Undecided = batches.Select((b, i) => b is null ? (int)Math.Min(attack.Options.BatchSize, inputs.shape[0] - (i * attack.Options.BatchSize)) : b.Outcome.IsComplete ? 0 : b.Outcome.Stage.Zip(b.Outcome.Correct).Count(p => p.First < 0 && p.Second)).Sum(),
            Access = AttackTarget.Offers(classifier),
            WallSeconds = records.Sum(r => r.WallSeconds) / Math.Min(Options.Workers, Math.Max(1, records.Length)),
            CpuSeconds = (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds,
            Stages = stages,
            Verification = verification,
            Outcomes = outcomes,
            Findings = [.. signs, .. ResultSigns.OfBudget(verification, Options.MaxQueries), .. ResultSigns.OfStarts(records.Sum(r => r.WithoutStart)), .. ResultSigns.Of(stages, outcomes, records.Sum(r => r.ZeroGradients), records.Sum(r => r.UndefinedGradients), attack.Access)],
        };
        foreach (EvaluatedBatch? batch in batches)
            batch?.Dispose();
        return new EvaluatedRobustness(report, adversarials.MoveToOuterDisposeScope());
    }

    private EvaluatedBatch?[] Attacked(AttackTarget target, Tensor inputs, Tensor labels, long[] keys, Attack attack, EvaluationCheckpoint checkpoint, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        int size = attack.Options.BatchSize;
        int count = checked((int)((inputs.shape[0] + size - 1) / size));
        var batches = new EvaluatedBatch?[count];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (Options.TimeBudget is { } time)
            stop.CancelAfter(time);
        int done = 0;
        bool isOver = false;
        try
        {
            ParallelTensors.For(count, Options.Workers, index =>
            {
                if (Volatile.Read(ref isOver))
                    return;
                batches[index] = One(target, inputs, labels, keys, attack, checkpoint, index, stop.Token, cancellationToken);
                if (batches[index] is not { Outcome.IsComplete: true })
                    Volatile.Write(ref isOver, true);
                progress?.Report(Interlocked.Increment(ref done) / (double)count);
            }, cancellationToken);
        }
        catch
        {
            foreach (EvaluatedBatch? batch in batches)
                batch?.Dispose();
            throw;
        }

        return batches;
    }

    private static EvaluatedBatch? One(AttackTarget target, Tensor inputs, Tensor labels, long[] allKeys, Attack attack, EvaluationCheckpoint checkpoint, int index, CancellationToken stop, CancellationToken caller)
    {
        if (checkpoint.TryLoad(index, inputs.device) is { } known)
            return known;
        using var scope = torch.NewDisposeScope();
        long start = (long)index * attack.Options.BatchSize;
        long size = Math.Min(attack.Options.BatchSize, inputs.shape[0] - start);
        long[] keys = allKeys[(int)start..(int)(start + size)];
        var watch = Stopwatch.StartNew();
        try
        {
            AttackResult result = attack.Run(target, inputs.narrow(0, start, size), labels.narrow(0, start, size), null, keys, null, stop);
            EvaluatedBatch batch = EvaluatedBatch.Of(result, watch.Elapsed.TotalSeconds, isComplete: true);
            batch.Adversarials.DetachFromDisposeScope();
            checkpoint.Save(index, batch);
            return batch;
        }
        catch (QueryBudgetException error) when (error.Result is { } partial)
        {
            EvaluatedBatch batch = EvaluatedBatch.Of(partial, watch.Elapsed.TotalSeconds, isComplete: false);
            batch.Adversarials.DetachFromDisposeScope();
            return batch;
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            // Out of time, which is a result and no error.
            return null;
        }
    }

    private static string Names(CompositeAttack attack) => attack.Options.StageNames.Count == 0
        ? nameof(CompositeAttack)
        : string.Join(attack.Options.Mode == ChainMode.Union ? " | " : " -> ", attack.Options.StageNames) + (attack.Options.Mode == ChainMode.OfficialRandom ? " (official chaining)" : "");

    private static RobustnessEvaluationOptions Validated(RobustnessEvaluationOptions options)
    {
        options.Validate();
        return options;
    }
}
