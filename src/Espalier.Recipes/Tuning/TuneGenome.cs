namespace Espalier.Recipes.Tuning;

/// <summary>A setting: a place in [0, 1) for each option of the space, in its order.</summary>
internal sealed record TuneGenome(IReadOnlyList<double> Places);
