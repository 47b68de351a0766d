namespace Espalier.Search;

/// <summary>Everything that an interrupted search needs to go on; chance needs nothing, it is a function of the generation.</summary>
internal sealed record SearchState<TGenome>(
    int Version,
    SearchIdentity Identity,
    IReadOnlyList<SearchIndividual<TGenome>> Evaluated,
    IReadOnlyList<GenerationRecord> Generations)
{
    public const int CurrentVersion = 1;
}
