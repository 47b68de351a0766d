using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Search;

/// <summary>
/// Independent draws, none twice: what every other search must beat with as many evaluations. Its population is the front
/// of all it has drawn.
/// </summary>
/// <param name="options">How many; defaults where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
/// <typeparam name="TGenome">A candidate.</typeparam>
public sealed class RandomSearch<TGenome>(RandomSearchOptions? options = null) : GenomeSearch<TGenome>(options ?? new())
{
    /// <summary>What the search was told.</summary>
    public RandomSearchOptions Options { get; } = options ?? new();

    private protected override int LastGeneration => (Options.Evaluations - 1) / Options.GenerationSize;

    private protected override int Places => 1;

    private protected override SearchOptions Binding => Options;

    private protected override int SizeOf(int generation) => Math.Min(Options.GenerationSize, Options.Evaluations - (generation * Options.GenerationSize));

    // What an interrupted generation has evaluated is proposed again and found in the memo.
    private protected override IEnumerable<SearchIndividual<TGenome>> Taken(SearchRun<TGenome> run, int generation) =>
        run.Evaluated.Where(e => e.Generation < generation);

    private protected override void Propose(SearchProblem<TGenome> problem, IReadOnlyList<SearchIndividual<TGenome>> population,
        Proposals<TGenome> proposals, ref SplitMix64 random)
    {
        while (!proposals.IsFull && proposals.AddFresh(ref random))
        {
        }
    }

    private protected override IReadOnlyList<SearchIndividual<TGenome>> Survivors(IReadOnlyList<SearchIndividual<TGenome>> candidates) =>
        [.. ParetoFront.NonDominatedSort([.. candidates.Select(c => c.Evaluation.Objectives)])[0].Select(i => candidates[i])];
}
