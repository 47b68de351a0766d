using Espalier.Randomness;

namespace Espalier.Search;

/// <summary>The genomes that a generation is to evaluate: valid, distinct, and none that is taken already.</summary>
internal sealed class Proposals<TGenome>
{
    private readonly SearchProblem<TGenome> _problem;
    private readonly int _size;
    private readonly int _tries;
    private readonly HashSet<string> _keys;
    private readonly List<TGenome> _genomes = [];

    public Proposals(SearchProblem<TGenome> problem, int size, int tries, IEnumerable<SearchIndividual<TGenome>> taken)
    {
        _problem = problem;
        _size = size;
        _tries = tries;
        _keys = [.. taken.Select(t => t.Key)];
    }

    public IReadOnlyList<TGenome> Genomes => _genomes;

    public bool IsFull => _genomes.Count >= _size;

    /// <summary>Takes those that are new, as long as there is room.</summary>
    /// <returns>Whether one was.</returns>
    public bool Add(params ReadOnlySpan<TGenome> genomes)
    {
        bool isAdded = false;
        foreach (TGenome genome in genomes)
        {
            TGenome valid = _problem.Repair(genome);
            if (IsFull || !_keys.Add(_problem.Key(valid)))
                continue;
            _genomes.Add(valid);
            isAdded = true;
        }

        return isAdded;
    }

    /// <summary>Draws a genome that is new.</summary>
    /// <returns>False where none was found: the problem has hardly any more.</returns>
    public bool AddFresh(ref SplitMix64 random)
    {
        for (int i = 0; i < _tries; i++)
        {
            if (Add(_problem.Draw(ref random)))
                return true;
        }

        return false;
    }
}
