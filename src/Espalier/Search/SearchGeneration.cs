namespace Espalier.Search;

/// <summary>Where a search stands after a generation.</summary>
/// <param name="Number">The generation, from 0 (the first draw).</param>
/// <param name="Front">What nothing evaluated so far dominates, in the order of evaluation.</param>
/// <param name="Population">The genomes that the next generation descends from, best first.</param>
/// <param name="Hypervolume">The front's volume below the options' reference point; null where there is none.</param>
/// <param name="Evaluations">Genomes evaluated so far, dropped ones included.</param>
/// <param name="MemoHits">Proposals so far that had been evaluated in an earlier generation.</param>
/// <param name="Dropped">Evaluations so far that were given up early.</param>
/// <typeparam name="TGenome">A candidate.</typeparam>
public sealed record SearchGeneration<TGenome>(
    int Number,
    IReadOnlyList<SearchIndividual<TGenome>> Front,
    IReadOnlyList<SearchIndividual<TGenome>> Population,
    double? Hypervolume,
    int Evaluations,
    int MemoHits,
    int Dropped);
