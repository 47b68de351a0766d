using System.Globalization;
using System.Text.Json;
using Espalier.Communication;
using Espalier.Errors;

namespace Espalier.Search;

/// <summary>One search under way: what has been evaluated (the memo) and every generation so far.</summary>
internal sealed class SearchRun<TGenome>
{
    private readonly SearchProblem<TGenome> _problem;
    private readonly SearchOptions _options;
    private readonly SearchIdentity _identity;
    private readonly ICommunicator _communicator;
    private readonly SearchStateFile? _file;
    private readonly Dictionary<string, SearchIndividual<TGenome>> _memo = new(StringComparer.Ordinal);
    private readonly List<SearchIndividual<TGenome>> _evaluated = [];
    private readonly List<SearchGeneration<TGenome>> _generations = [];
    private int _memoHits;

    public SearchRun(SearchProblem<TGenome> problem, SearchOptions options, SearchIdentity identity, string? statePath, ICommunicator communicator)
    {
        (_problem, _options, _identity, _communicator) = (problem, options, identity, communicator);
        _file = statePath is null ? null : new SearchStateFile(statePath, communicator);
        RankAgreement.Require(communicator, "the search", JsonSerializer.Serialize(identity.Facts));
    }

    public IReadOnlyList<SearchIndividual<TGenome>> Evaluated => _evaluated;

    public IReadOnlyList<SearchGeneration<TGenome>> Generations => _generations;

    public IReadOnlyList<SearchIndividual<TGenome>> Population => _generations.Count == 0 ? [] : _generations[^1].Population;

    /// <summary>Takes up the state of the file, if there is one.</summary>
    public void Restore(int lastGeneration)
    {
        if (_file?.Read(_problem, _identity, lastGeneration) is not { } state)
            return;
        foreach (SearchIndividual<TGenome> individual in state.Evaluated)
            Remember(individual);
        _generations.AddRange(state.Generations.Select((g, number) => g.Restore(number, _evaluated)));
        _memoHits = _generations.Count == 0 ? 0 : _generations[^1].MemoHits;
    }

    /// <summary>Evaluates what no earlier generation has, batch by batch, and writes the state after each.</summary>
    /// <returns>The proposals with their evaluations, new or remembered.</returns>
    public IReadOnlyList<SearchIndividual<TGenome>> Evaluate(int generation, IReadOnlyList<TGenome> proposals, SearchRivals rivals, CancellationToken cancellationToken)
    {
        string[] keys = [.. proposals.Select(_problem.Key)];
        bool[] isNew = [.. keys.Select(k => !_memo.TryGetValue(k, out SearchIndividual<TGenome>? known) || known.Generation == generation)];
        int[] fresh = [.. Enumerable.Range(0, keys.Length).Where(i => isNew[i])];
        _memoHits += keys.Length - fresh.Length;
        rivals = rivals.With(Objectives(keys.Where((_, i) => !isNew[i])));
        foreach (int[] batch in fresh.Chunk(_options.EvaluationBatchSize ?? int.MaxValue))
        {
            // Before an interruption, this generation may have come further.
            int[] pending = [.. batch.Where(i => !_memo.ContainsKey(keys[i]))];
            if (pending.Length > 0)
            {
                EvaluateBatch(generation, [.. pending.Select(i => proposals[i])], rivals, cancellationToken);
                _file?.Write(new SearchState<TGenome>(SearchState<TGenome>.CurrentVersion, _identity, _evaluated, [.. _generations.Select(GenerationRecord.Of)]));
            }

            rivals = rivals.With(Objectives(batch.Select(i => keys[i])));
        }

        return [.. keys.Select(k => _memo[k])];
    }

    /// <summary>Ends a generation and writes the state.</summary>
    public SearchGeneration<TGenome> End(int generation, IReadOnlyList<SearchIndividual<TGenome>> population)
    {
        SearchIndividual<TGenome>[] candidates = [.. _generations.Count == 0 ? [] : _generations[^1].Front, .. _evaluated.Where(e => e.Generation == generation && !e.Evaluation.Dropped)];
        SearchIndividual<TGenome>[] front = [.. ParetoFront.NonDominatedSort([.. candidates.Select(c => c.Evaluation.Objectives)])[0].Select(i => candidates[i])];
        double? volume = _options.ReferencePoint is null ? null : Hypervolume.Of([.. front.Select(f => f.Evaluation.Objectives)], _options.ReferencePoint);
        var ended = new SearchGeneration<TGenome>(generation, front, population, volume, _evaluated.Count, _memoHits, _evaluated.Count(e => e.Evaluation.Dropped));
        _generations.Add(ended);
        _file?.Write(new SearchState<TGenome>(SearchState<TGenome>.CurrentVersion, _identity, _evaluated, [.. _generations.Select(GenerationRecord.Of)]));
        return ended;
    }

    private IEnumerable<IReadOnlyList<double>> Objectives(IEnumerable<string> keys) =>
        keys.Select(k => _memo[k].Evaluation).Where(e => !e.Dropped).Select(e => e.Objectives);

    private void EvaluateBatch(int generation, TGenome[] genomes, SearchRivals rivals, CancellationToken cancellationToken)
    {
        StopWhereCancelled(cancellationToken);
        IReadOnlyList<SearchEvaluation> evaluations = _problem.Evaluate(genomes, rivals, cancellationToken);
        if (evaluations.Count != genomes.Length)
            throw new InvalidOperationException($"the problem gave {evaluations.Count} evaluations for {genomes.Length} genomes");
        for (int i = 0; i < genomes.Length; i++)
        {
            string key = _problem.Key(genomes[i]);
            Check(key, evaluations[i].Objectives);
            Remember(new SearchIndividual<TGenome>(_evaluated.Count, generation, key, genomes[i], evaluations[i]));
        }
    }

    // Cancelling reaches the ranks one by one; one that left alone would leave the others waiting.
    private void StopWhereCancelled(CancellationToken cancellationToken)
    {
        Span<double> cancelled = [cancellationToken.IsCancellationRequested ? 1 : 0];
        _communicator.Sum(cancelled);
        if (cancelled[0] > 0)
            throw new OperationCanceledException(cancellationToken);
    }

    private void Check(string key, IReadOnlyList<double> objectives)
    {
        if (objectives.Count != _problem.ObjectiveCount)
            throw new InvalidOperationException($"genome '{key}' was given {objectives.Count} objectives instead of {_problem.ObjectiveCount}");
        for (int m = 0; m < objectives.Count; m++)
        {
            if (!double.IsFinite(objectives[m]))
                throw new DataException($"genome '{key}'", string.Create(CultureInfo.InvariantCulture, $"objective {m} is {objectives[m]}"), "give every genome finite objectives");
        }
    }

    private void Remember(SearchIndividual<TGenome> individual)
    {
        _memo[individual.Key] = individual;
        _evaluated.Add(individual);
    }
}
