using Espalier.Communication;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Search;

/// <summary>
/// The loop of every search: propose genomes, evaluate those that are new, select the survivors, report. A leaf says what
/// is proposed and who survives.
/// </summary>
/// <typeparam name="TGenome">A candidate.</typeparam>
public abstract class GenomeSearch<TGenome>
{
    private readonly SearchOptions _options;

    private protected GenomeSearch(SearchOptions options)
    {
        options.Validate();
        _options = options;
    }

    /// <summary>Number of the last generation.</summary>
    private protected abstract int LastGeneration { get; }

    /// <summary>How many rivals must dominate a genome so that it cannot survive.</summary>
    private protected abstract int Places { get; }

    /// <summary>The options that a state must have been written with to be continued.</summary>
    private protected abstract SearchOptions Binding { get; }

    /// <summary>Searches, or goes on where an interrupted search stopped, with the same result as without the interruption.</summary>
    /// <param name="problem">What is searched.</param>
    /// <param name="initial">Genomes that the first generation begins with, no more than it holds; copies count once.</param>
    /// <param name="statePath">
    /// The file that keeps the state, written after each batch of evaluations; where it exists already, the search goes
    /// on from it. Null keeps none.
    /// </param>
    /// <param name="communicator">The ranks, each of which calls this; rank 0 reads and writes the state. Null is this process alone.</param>
    /// <param name="progress">Told each generation as it ends, on every rank that gives one.</param>
    /// <param name="cancellationToken">Checked before each batch and handed to the problem; the state remains.</param>
    /// <exception cref="OptionsException">The reference point or the initial genomes do not fit.</exception>
    /// <exception cref="CheckpointException">The state is unreadable, or of another search.</exception>
    /// <exception cref="DataException">An objective is not finite.</exception>
    /// <exception cref="DistributedException">The ranks differ in what they search.</exception>
    /// <exception cref="OperationCanceledException">The search was cancelled, on this rank or another.</exception>
    public SearchResult<TGenome> Run(SearchProblem<TGenome> problem, IReadOnlyList<TGenome>? initial = null, string? statePath = null,
        ICommunicator? communicator = null, IProgress<SearchGeneration<TGenome>>? progress = null, CancellationToken cancellationToken = default)
    {
        OptionsException.Require(_options.ReferencePoint is null || _options.ReferencePoint.Count == problem.ObjectiveCount,
            nameof(SearchOptions.ReferencePoint), _options.ReferencePoint?.Count, $"must have one value for each of the {problem.ObjectiveCount} objectives");
        TGenome[] seeds = [.. (initial ?? []).Select(problem.Repair).DistinctBy(problem.Key)];
        OptionsException.Require(seeds.Length <= SizeOf(0), nameof(initial), seeds.Length, $"must be at most {SizeOf(0)} genomes");
        SearchIdentity identity = SearchIdentity.Of(GetType().Name, Binding, problem.Fingerprint, seeds.Select(problem.Key));
        ICommunicator ranks = communicator ?? SingleProcess.Instance;

        // Only rank 0 writes, and only it may know where to; whether there is a file all must agree on.
        string? path = WorkSharing.Map(ranks, 1, _ => statePath)[0];
        var run = new SearchRun<TGenome>(problem, _options, identity, path, ranks);
        run.Restore(LastGeneration);
        for (int generation = run.Generations.Count; generation <= LastGeneration; generation++)
        {
            var random = new SplitMix64(_options.Seed, generation);
            IReadOnlyList<SearchIndividual<TGenome>> population = run.Population;
            var proposals = new Proposals<TGenome>(problem, SizeOf(generation), _options.DuplicateTries, Taken(run, generation));
            if (generation == 0)
                proposals.Add(seeds);
            Propose(problem, population, proposals, ref random);
            var rivals = new SearchRivals(population.Select(p => p.Evaluation.Objectives), Places);
            IReadOnlyList<SearchIndividual<TGenome>> children = run.Evaluate(generation, proposals.Genomes, rivals, cancellationToken);
            SearchIndividual<TGenome>[] candidates = [.. population, .. children.Where(c => !c.Evaluation.Dropped)];
            if (candidates.Length == 0)
                throw new InvalidOperationException("the problem dropped every genome of the first generation; only hopeless ones may be");
            SearchGeneration<TGenome> ended = run.End(generation, Survivors(candidates));
            progress?.Report(ended);
        }

        return new SearchResult<TGenome>(run.Generations, run.Evaluated);
    }

    /// <summary>How many genomes a generation proposes.</summary>
    private protected abstract int SizeOf(int generation);

    /// <summary>The genomes that may not be proposed again.</summary>
    private protected abstract IEnumerable<SearchIndividual<TGenome>> Taken(SearchRun<TGenome> run, int generation);

    /// <summary>Fills up the proposals.</summary>
    private protected abstract void Propose(SearchProblem<TGenome> problem, IReadOnlyList<SearchIndividual<TGenome>> population,
        Proposals<TGenome> proposals, ref SplitMix64 random);

    /// <summary>The next population, best first.</summary>
    private protected abstract IReadOnlyList<SearchIndividual<TGenome>> Survivors(IReadOnlyList<SearchIndividual<TGenome>> candidates);
}
