using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Search;

/// <summary>
/// NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE Transactions on Evolutionary Computation 6(2), 2002), an elitist genetic
/// search by several objectives: parents are chosen by binary tournament, first by front and then by crowding distance;
/// of parents and children together the best survive by the same order.
/// </summary>
/// <param name="options">Sizes and probabilities; defaults for costly evaluations where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
/// <typeparam name="TGenome">A candidate.</typeparam>
public sealed class Nsga2<TGenome>(Nsga2Options? options = null) : GenomeSearch<TGenome>(options ?? new())
{
    /// <summary>What the search was told.</summary>
    public Nsga2Options Options { get; } = options ?? new();

    private protected override int LastGeneration => Options.Generations;

    private protected override int Places => Options.PopulationSize;

    // No generation depends on how many follow.
    private protected override SearchOptions Binding => Options with { Generations = 0 };

    private protected override int SizeOf(int generation) => Options.PopulationSize;

    private protected override IEnumerable<SearchIndividual<TGenome>> Taken(SearchRun<TGenome> run, int generation) => run.Population;

    private protected override void Propose(SearchProblem<TGenome> problem, IReadOnlyList<SearchIndividual<TGenome>> population,
        Proposals<TGenome> proposals, ref SplitMix64 random)
    {
        var tournament = population.Count == 0 ? null : new Tournament<TGenome>(population);
        int failures = tournament is null ? Options.DuplicateTries : 0;
        while (!proposals.IsFull)
        {
            if (failures < Options.DuplicateTries)
            {
                TGenome first = tournament!.Pick(ref random);
                TGenome second = tournament.Pick(ref random);
                if (random.NextBernoulli(Options.CrossoverProbability))
                    (first, second) = problem.Cross(first, second, ref random);
                first = problem.Mutate(first, ref random);
                second = problem.Mutate(second, ref random);
                failures = proposals.Add(first, second) ? 0 : failures + 1;
            }
            else if (proposals.AddFresh(ref random))
            {
                failures = tournament is null ? failures : 0;
            }
            else
            {
                break;
            }
        }
    }

    private protected override IReadOnlyList<SearchIndividual<TGenome>> Survivors(IReadOnlyList<SearchIndividual<TGenome>> candidates)
    {
        var survivors = new List<SearchIndividual<TGenome>>();
        foreach (IReadOnlyList<int> front in ParetoFront.NonDominatedSort([.. candidates.Select(c => c.Evaluation.Objectives)]))
        {
            double[] room = ParetoFront.CrowdingDistance([.. front.Select(i => candidates[i].Evaluation.Objectives)]);
            survivors.AddRange(Enumerable.Range(0, front.Count).OrderByDescending(i => room[i])
                .Take(Options.PopulationSize - survivors.Count).Select(i => candidates[front[i]]));
        }

        return survivors;
    }
}
