using System.Diagnostics;
using Espalier.Communication;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Espalier.Search;

namespace Espalier.Robustness.Search;

/// <summary>
/// The search for the strongest cheap composite attack (Mao et al., "Composite Adversarial Attacks", AAAI 2021) by NSGA-II.
/// Policies are bred on the search examples, judged again with three seeds on the selection examples, and reported on others
/// still: what a policy achieves where it was bred is no result.
/// </summary>
/// <param name="options">Norm, radius, pool, sizes.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class PolicySearch(PolicySearchOptions options)
{
    private const int SelectionSeeds = 3;

    /// <summary>What the search was told.</summary>
    public PolicySearchOptions Options { get; } = Validated(options);

    /// <summary>Searches.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="search">The examples that policies are bred on, such as <see cref="HardExamples"/> of the training data.</param>
    /// <param name="selection">Other examples, that one of the front is chosen by.</param>
    /// <param name="progress">Told of each generation.</param>
    /// <param name="communicator">The ranks that share the work; this process alone where null.</param>
    /// <param name="cancellationToken">Stops; what was evaluated stays in the state file.</param>
    /// <exception cref="DataException">There are no examples.</exception>
    /// <exception cref="OptionsException">The model does not offer what the pool needs.</exception>
    /// <exception cref="CheckpointException">The state file is of another search.</exception>
    public PolicySearchResult Run(IClassifier classifier, PolicyExamples search, PolicyExamples selection,
        IProgress<PolicySearchGeneration>? progress = null, ICommunicator? communicator = null, CancellationToken cancellationToken = default)
    {
        foreach (PolicyExamples examples in (PolicyExamples[])[search, selection])
        {
            ClassifierInputs.Check(classifier, examples.Inputs);
            ClassifierInputs.CheckClasses(classifier, examples.Labels, examples.Count, "labels");
            if (examples.Count == 0)
                throw new DataException("examples", "are none", "give some that the model gets right");
        }

        var watch = Stopwatch.StartNew();
        using Tensor searched = AttackTarget.Precise(search.Inputs);
        using Tensor selected = AttackTarget.Precise(selection.Inputs);
        (search, selection) = (search with { Inputs = searched }, selection with { Inputs = selected });
        var space = new PolicySpace(Options.Norm, Options.Pool, Options.Stages, Options.MaxSteps, Options.MaxComplexity);
        foreach (string name in space.Pool)
            AttackCatalog.Find(name).Create(new(Options.Norm, Options.Epsilon)).Require(classifier);
        ICommunicator ranks = communicator ?? SingleProcess.Instance;
        var problem = new PolicyProblem(space, classifier, search, Options, ranks);
        var generations = new List<PolicySearchGeneration>();
        var told = new Told(g =>
        {
            var generation = new PolicySearchGeneration(g.Number, Options.Generations, g.Evaluations, g.MemoHits,
                [.. g.Front.Select(f => (f.Evaluation.Objectives[1], f.Evaluation.Objectives[0], space.Policy(f.Genome).ToString())).DistinctBy(f => f.Item3).OrderBy(f => f.Item1)]);
            generations.Add(generation);
            progress?.Report(generation);
        });
        PolicyGenome[] initial = [.. Published(space)];
        GenomeSearch<PolicyGenome> method = Options.RandomSearch
            ? new RandomSearch<PolicyGenome>(new() { Evaluations = Options.Population * (Options.Generations + 1), GenerationSize = Options.Population, Seed = Options.Seed })
            : new Nsga2<PolicyGenome>(new() { PopulationSize = Options.Population, Generations = Options.Generations, Seed = Options.Seed });
        SearchResult<PolicyGenome> result = method.Run(problem, initial, Options.StatePath, ranks, told, cancellationToken);
        IReadOnlyList<PolicyCandidate> front = Judged(space, classifier, selection, result.Front, ranks, cancellationToken);
        double Sum(string name) => result.Evaluated.Sum(e => e.Evaluation.Measurements?.GetValueOrDefault(name) ?? 0) * search.Count;
        PolicyCandidate best = PolicyCandidate.Strongest(front, Options.MaxComplexity ?? double.PositiveInfinity) ?? front.MinBy(c => c.Complexity)!;
        if (Options.Complete && Completed(space, classifier, best, search, selection, ranks, cancellationToken) is { } completed)
            best = completed;
        return new(best, [.. front.OrderBy(c => c.Complexity)], generations, Sum(PolicyProblem.Gradients), Sum(PolicyProblem.Queries), watch.Elapsed.TotalSeconds);
    }

    /// <summary>The paper's policy of the norm, and AutoAttack without its first stage, which the second contains; those that the pool has the attacks of.</summary>
    private IEnumerable<PolicyGenome> Published(PolicySpace space)
    {
        if (!Options.SeedPublished || Options.RandomSearch)
            return [];
        AttackPolicy autoAttack = AttackPolicy.Parse("mt(t=100) | fab-t(t=100) | square(queries=5000)");
        AttackPolicy[] published = Options.Norm switch
        {
            Norm.LInf => [AttackPolicy.CaaLinf, autoAttack],
            Norm.L2 => [AttackPolicy.CaaL2, autoAttack],
            Norm.L1 => [autoAttack],
            _ => [AttackPolicy.Parse("sigma-zero-l0(t=300) -> pgd0(t=20) -> sparse-rs(queries=5000)")],
        };
        return published.Select(space.Nearest).OfType<PolicyGenome>().Take(Options.Population);
    }

    /// <summary>Runs each policy of the front on the selection examples with several seeds.</summary>
    private IReadOnlyList<PolicyCandidate> Judged(PolicySpace space, IClassifier classifier, PolicyExamples selection,
        IReadOnlyList<SearchIndividual<PolicyGenome>> front, ICommunicator ranks, CancellationToken cancellationToken)
    {
        SearchIndividual<PolicyGenome>[] distinct = [.. front.DistinctBy(f => f.Key).OrderBy(f => f.Evaluation.Objectives[1])];
        var outcomes = new SelectionOutcome[distinct.Length];
        if (ranks.Size > 1)
            outcomes = [.. WorkSharing.Map(ranks, distinct.Length, One)];
        else
            ParallelTensors.For(distinct.Length, Options.Workers, i => outcomes[i] = One(i), cancellationToken);
        return [.. distinct.Select((f, i) => new PolicyCandidate(space.Policy(f.Genome), space.Policy(f.Genome).ToString(), f.Evaluation.Objectives[1], f.Evaluation.Objectives[0],
            outcomes[i].Robust, outcomes[i].Gradients))];

        SelectionOutcome One(int i) => OnSelection(space.Policy(distinct[i].Genome), classifier, selection, cancellationToken);
    }

    /// <summary>The policy with what its pool still breaks, or null where that is nothing. Rank 0 looks, and tells the others.</summary>
    private PolicyCandidate? Completed(PolicySpace space, IClassifier classifier, PolicyCandidate best, PolicyExamples search, PolicyExamples selection, ICommunicator ranks, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        var all = new PolicyExamples(torch.cat([search.Inputs, selection.Inputs.to(search.Inputs.dtype)]), torch.cat([search.Labels, selection.Labels]));
        CompletedPolicy found = ranks.Size == 1 ? Find() : WorkSharing.Map(ranks, 1, _ => Find())[0];
        if (found.Json is null)
            return null;
        AttackPolicy policy = AttackPolicy.FromJson(found.Json);
        return new(policy, policy.ToString(), policy.Build(Options.Norm, Options.Epsilon).Complexity, found.SearchRobust, found.SelectionRobust, found.SelectionGradients);

        CompletedPolicy Find()
        {
            AttackPolicy completed = new PolicyCompletion(space, classifier, Options).Complete(best.Policy, all, cancellationToken);
            if (completed.Equals(best.Policy))
                return new CompletedPolicy(null, 0, 0, 0);
            SelectionOutcome outcome = OnSelection(completed, classifier, selection, cancellationToken);
            using AttackResult searched = completed.Build(Options.Norm, Options.Epsilon, Options.Seed + 1, Options.BatchSize).Run(classifier, search.Inputs, search.Labels, cancellationToken: cancellationToken);
            return new CompletedPolicy(completed.ToJson(), searched.RobustAccuracy, outcome.Robust, outcome.Gradients);
        }
    }

    private SelectionOutcome OnSelection(AttackPolicy policy, IClassifier classifier, PolicyExamples selection, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        (double robust, double gradients) = (0, 0);
        for (int seed = 0; seed < SelectionSeeds; seed++)
        {
            Attack attack = policy.Build(Options.Norm, Options.Epsilon, Options.Seed + 1 + seed, Options.BatchSize);
            using AttackResult result = attack.Run(classifier, selection.Inputs, selection.Labels, cancellationToken: cancellationToken);
            robust += result.RobustAccuracy / SelectionSeeds;
            gradients += result.GradientEvaluations / (double)(SelectionSeeds * selection.Count);
        }

        return new(robust, gradients);
    }

    private static PolicySearchOptions Validated(PolicySearchOptions options)
    {
        options.Validate();
        return options;
    }

    private sealed record SelectionOutcome(double Robust, double Gradients);

    private sealed record CompletedPolicy(string? Json, double SearchRobust, double SelectionRobust, double SelectionGradients);

    private sealed class Told(Action<SearchGeneration<PolicyGenome>> tell) : IProgress<SearchGeneration<PolicyGenome>>
    {
        public void Report(SearchGeneration<PolicyGenome> value) => tell(value);
    }
}
