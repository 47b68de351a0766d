namespace Espalier.Search;

/// <summary>What a search found.</summary>
/// <param name="Generations">Every generation, in order; at least one.</param>
/// <param name="Evaluated">Every genome evaluated, in order, dropped ones included.</param>
/// <typeparam name="TGenome">A candidate.</typeparam>
public sealed record SearchResult<TGenome>(IReadOnlyList<SearchGeneration<TGenome>> Generations, IReadOnlyList<SearchIndividual<TGenome>> Evaluated)
{
    /// <summary>What nothing else dominates, in the order of evaluation.</summary>
    public IReadOnlyList<SearchIndividual<TGenome>> Front => Generations[^1].Front;

    /// <summary>The last generation's survivors, best first.</summary>
    public IReadOnlyList<SearchIndividual<TGenome>> Population => Generations[^1].Population;
}
