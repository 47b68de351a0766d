namespace Espalier.Search;

/// <summary>A generation as a state keeps it: individuals by their numbers.</summary>
internal sealed record GenerationRecord(int[] Front, int[] Population, double? Hypervolume, int Evaluations, int MemoHits, int Dropped)
{
    public static GenerationRecord Of<TGenome>(SearchGeneration<TGenome> generation) => new(
        [.. generation.Front.Select(i => i.Number)], [.. generation.Population.Select(i => i.Number)],
        generation.Hypervolume, generation.Evaluations, generation.MemoHits, generation.Dropped);

    public SearchGeneration<TGenome> Restore<TGenome>(int number, IReadOnlyList<SearchIndividual<TGenome>> evaluated) => new(
        number, [.. Front.Select(i => evaluated[i])], [.. Population.Select(i => evaluated[i])], Hypervolume, Evaluations, MemoHits, Dropped);
}
