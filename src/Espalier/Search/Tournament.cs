using Espalier.Randomness;

namespace Espalier.Search;

/// <summary>
/// The binary tournament of NSGA-II: of two, the one in the earlier front; of one front, the one with more room; else
/// chance decides.
/// </summary>
internal sealed class Tournament<TGenome>
{
    private readonly IReadOnlyList<SearchIndividual<TGenome>> _population;
    private readonly int[] _rank;
    private readonly double[] _room;

    // Room is measured among the survivors, so that a tournament is a function of the population alone and a state need
    // not keep it; the paper measures it before the last front is cut.
    public Tournament(IReadOnlyList<SearchIndividual<TGenome>> population)
    {
        _population = population;
        _rank = new int[population.Count];
        _room = new double[population.Count];
        IReadOnlyList<IReadOnlyList<int>> fronts = ParetoFront.NonDominatedSort([.. population.Select(p => p.Evaluation.Objectives)]);
        for (int rank = 0; rank < fronts.Count; rank++)
        {
            IReadOnlyList<int> front = fronts[rank];
            double[] room = ParetoFront.CrowdingDistance([.. front.Select(i => population[i].Evaluation.Objectives)]);
            for (int k = 0; k < front.Count; k++)
                (_rank[front[k]], _room[front[k]]) = (rank, room[k]);
        }
    }

    public TGenome Pick(ref SplitMix64 random)
    {
        int a = random.NextBelow(_population.Count);
        int b = random.NextBelow(_population.Count);
        bool isFirst = _rank[a] != _rank[b] ? _rank[a] < _rank[b]
            : _room[a] != _room[b] ? _room[a] > _room[b]
            : random.NextBernoulli(0.5);
        return _population[isFirst ? a : b].Genome;
    }
}
