using Espalier.Data;
using Espalier.Models;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Recipes.Stages;

/// <summary>Evaluates a classifier under an attack by policy.</summary>
internal static class PolicyAttackStage
{
    private const int MostExamples = 10;

    public static PolicyAttackRecord Run(IClassifier classifier, LabelledBatch batch, int seed, PolicyAttackOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        string name = options.Policy ?? Default(classifier, options.Norm);
        AttackPolicy policy = AttackPolicy.Open(name, options.Norm);
        if (options.Mode is { } mode)
            policy = policy with { Mode = mode };
        Norm norm = policy.Norm ?? options.Norm;
        CompositeAttack attack = policy.Build(norm, options.Epsilon, seed, options.BatchSize);
        using EvaluatedRobustness found = new RobustnessEvaluation(options.Evaluation).Run(classifier, batch.Inputs, batch.Labels, attack, progress, cancellationToken);
        return new PolicyAttackRecord(name, found.Report, Confusion(classifier.ClassCount, found.Report), Examples(classifier, batch, found));
    }

    public static IEnumerable<(string Name, double Value)> Summarize(PolicyAttackRecord record)
    {
        string norm = record.Report.Norm.ToString().ToLowerInvariant();
        string prefix = FormattableString.Invariant($"attack.{(record.Name.All(c => char.IsLetterOrDigit(c) || c == '-') ? record.Name : "policy")}.{norm}.{record.Report.Epsilon}");
        yield return ($"{prefix}.robustAccuracy", record.Report.RobustAccuracy);
        yield return ($"{prefix}.cleanAccuracy", record.Report.CleanAccuracy);
        yield return ($"{prefix}.gradientsPerExample", record.Report.GradientsPerExample);
        yield return ($"{prefix}.queriesPerExample", record.Report.QueriesPerExample);
        yield return ($"{prefix}.findings", record.Report.Findings.Count(f => f.IsWarning));
    }

    private static string Default(IClassifier classifier, Norm norm) => classifier switch
    {
        IDifferentiableClassifier => norm == Norm.L0 ? "sparse" : "autoattack",
        IScoringClassifier => "scores-only",
        _ => "labels-only",
    };

    private static long[][] Confusion(int classes, RobustnessReport report)
    {
        long[][] counts = [.. Enumerable.Range(0, classes).Select(_ => new long[classes])];
        foreach (ExampleOutcome outcome in report.Outcomes.Where(o => o.Correct))
            counts[outcome.Label][outcome.Predicted]++;
        return counts;
    }

    private static IReadOnlyList<AttackExample> Examples(IClassifier classifier, LabelledBatch batch, EvaluatedRobustness found)
    {
        if (classifier is not IScoringClassifier scoring)
            return [];
        using var scope = torch.NewDisposeScope();
        long[] rows = [.. Enumerable.Range(0, found.Report.Count).Where(i => found.Report.Outcomes[i].Stage >= 0)
            .OrderByDescending(i => found.Report.Outcomes[i].Gradients + found.Report.Outcomes[i].Queries).Take(MostExamples).Select(i => (long)i)];
        if (rows.Length == 0)
            return [];
        Tensor index = torch.tensor(rows, device: batch.Inputs.device);
        Tensor labels = batch.Labels.index_select(0, index);
        IReadOnlyList<ImageSample> clean = ImageSamples.Of(scoring, batch.Inputs.index_select(0, index), labels);
        IReadOnlyList<ImageSample> adversarial = ImageSamples.Of(scoring, found.Adversarials.index_select(0, index), labels);
        return [.. clean.Zip(adversarial, (c, a) => new AttackExample(found.Report.Norm, found.Report.Epsilon, c, a))];
    }
}
