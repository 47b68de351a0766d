using System.Diagnostics;
using Espalier.Communication;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Metrics;
using Espalier.Models;
using Espalier.Randomness;
using Espalier.Recipes.Engine;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Search;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Search;

/// <summary>
/// Searches the strongest cheap attack on a model and compares it, honestly: bred on some training samples, chosen by
/// others, reported on the test split.
/// </summary>
public static class PolicySearchAudit
{
    private const int CandidatesPerSample = 80;

    private static readonly double[] s_budgets = [30, 100, 300, 1000];

    /// <summary>Where the policy found lies.</summary>
    /// <param name="run">The run.</param>
    public static string PolicyPath(Run run) => Path.Combine(run.Folder, "policies", "best.json");

    /// <summary>Searches and compares.</summary>
    /// <param name="target">The model and its data.</param>
    /// <param name="options">How.</param>
    /// <param name="run">Where policies, record, numbers and report go; nowhere where null.</param>
    /// <param name="communicator">The ranks that share the search; this process alone where null.</param>
    /// <param name="progress">Told of each generation.</param>
    /// <param name="cancellationToken">Stops; what was evaluated stays in the state file.</param>
    /// <returns>Null where it was cancelled, and on ranks that do not write.</returns>
    public static PolicySearchRecord? Run(AuditTarget target, PolicySearchAuditOptions options, Run? run, ICommunicator? communicator = null, IProgress<PolicySearchGeneration>? progress = null, CancellationToken cancellationToken = default)
    {
        options.Validate();
        try
        {
            PolicySearchRecord? record = Search(target, options, run, communicator, progress, cancellationToken);
            if (run is null || record is null)
                return record;
            StageFile.Write(run, "search", record);
            Summarize(run, record);
            PolicySearchReport.Write(run, target.Name, record);
            run.Finish(RunStatus.Completed);
            return record;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            run?.Finish(RunStatus.Interrupted);
            return null;
        }
        catch (EspalierException error)
        {
            run?.Finish(RunStatus.Failed, error.Message);
            throw;
        }
    }

    private static PolicySearchRecord? Search(AuditTarget target, PolicySearchAuditOptions options, Run? run, ICommunicator? communicator, IProgress<PolicySearchGeneration>? progress, CancellationToken cancellationToken)
    {
        if (target.Classifier is not IDifferentiableClassifier classifier)
            throw new OptionsException("model", target.Name, "must be a model with gradients: a run or a file of weights");
        using var scope = torch.NewDisposeScope();
        var watch = Stopwatch.StartNew();
        (PolicyExamples search, PolicyExamples selection, double radius) = Examples(classifier, target.Splits.Train, options, cancellationToken);
        PolicySearchOptions searched = options.Search with { Epsilon = radius, StatePath = options.Search.StatePath ?? (run is null ? null : Path.Combine(run.Folder, "search-state.json")) };
        PolicySearchResult found = new PolicySearch(searched).Run(classifier, search, selection, progress, communicator, cancellationToken);
        double seconds = watch.Elapsed.TotalSeconds;
        if (communicator is { Rank: > 0 })
            return null;
        if (run is not null)
            Save(found, run);

        LabelledBatch batch = target.Splits.Test.First(options.ReportSamples);
        RobustnessReport Reported(AttackPolicy policy)
        {
            CompositeAttack attack = policy.Build(options.Search.Norm, options.Search.Epsilon, options.Search.Seed, options.Search.BatchSize);
            using EvaluatedRobustness result = new RobustnessEvaluation(new() { Workers = options.Search.Workers }).Run(classifier, batch.Inputs, batch.Labels, attack, cancellationToken: cancellationToken);
            return result.Report;
        }

        RobustnessReport own = Reported(found.Selected.Policy);
        var comparisons = new List<PolicyComparison> { new("found", own, double.NaN) };
        foreach (string baseline in options.Baselines)
        {
            AttackPolicy policy = baseline == PolicySearchAuditOptions.Random
                ? new PolicySearch(searched with { RandomSearch = true, StatePath = null }).Run(classifier, search, selection, null, null, cancellationToken).Selected.Policy
                : AttackPolicy.Open(baseline, options.Search.Norm);
            RobustnessReport other = Reported(policy);
            comparisons.Add(new(baseline == PolicySearchAuditOptions.Random ? "random search" : baseline, other,
                McNemarTest.PValue([.. own.Outcomes.Select(o => o.IsRobust)], [.. other.Outcomes.Select(o => o.IsRobust)])));
        }

        return new PolicySearchRecord(options.Search.Norm, options.Search.Epsilon, radius, search.Count, selection.Count, found.Selected, found.Front,
            [.. found.Generations.Select(g => (IReadOnlyList<SearchPoint>)[.. g.Front.Select(f => new SearchPoint(f.Complexity, f.Robust))])],
            found.Generations.Count == 0 ? 0 : found.Generations[^1].Evaluations, found.Gradients, seconds, comparisons);
    }

    private static void Save(PolicySearchResult found, Run run)
    {
        AtomicFile.Replace(PolicyPath(run), found.Selected.Policy.ToJson());
        foreach (double budget in s_budgets)
        {
            if (found.BestWithin(budget) is { } best)
                AtomicFile.Replace(Path.Combine(run.Folder, "policies", FormattableString.Invariant($"within-{budget}.json")), best.Policy.ToJson());
        }
    }

    private static (PolicyExamples Search, PolicyExamples Selection, double Radius) Examples(IDifferentiableClassifier classifier, Dataset train, PolicySearchAuditOptions options, CancellationToken cancellationToken)
    {
        int[] order = [.. Enumerable.Range(0, train.Count)];
        new SplitMix64(options.Search.Seed, train.Count).Shuffle(order);
        LabelledBatch candidates = train.Gather([.. order.Take(options.Candidates ?? CandidatesPerSample * options.SearchSamples)]);
        (IReadOnlyList<int> chosen, double radius) = HardExamples.Choose(classifier, candidates.Inputs, candidates.Labels, 2 * options.SearchSamples, options.Search.Norm, options.Search.Epsilon, options.Search.Seed, cancellationToken);
        if (chosen.Count < 4)
            throw new DataException(train.Name, $"holds {chosen.Count} samples that the model gets right", "search on a model that has learned something");
        return (Part(chosen.Take(chosen.Count / 2)), Part(chosen.Skip(chosen.Count / 2)), radius);

        PolicyExamples Part(IEnumerable<int> rows)
        {
            Tensor index = torch.tensor(rows.Select(r => (long)r).ToArray(), device: candidates.Inputs.device);
            return new(candidates.Inputs.index_select(0, index), candidates.Labels.index_select(0, index));
        }
    }

    private static void Summarize(Run run, PolicySearchRecord record)
    {
        run.Summary.Set("search.evaluations", record.Evaluations);
        run.Summary.Set("search.gradients", record.SearchGradients);
        run.Summary.Set("search.seconds", record.SearchSeconds);
        run.Summary.Set("search.robustAccuracy", record.Selected.SearchRobust);
        foreach (PolicyComparison comparison in record.Comparisons)
        {
            string name = comparison.Name.Replace(' ', '-');
            run.Summary.Set($"report.{name}.robustAccuracy", comparison.Report.RobustAccuracy);
            run.Summary.Set($"report.{name}.gradientsPerExample", comparison.Report.GradientsPerExample);
            run.Summary.Set($"report.{name}.seconds", comparison.Report.WallSeconds);
        }

        run.Summary.Save();
    }
}
