namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>Says that the run's weights hold spatial matrices of a gMLP; the report draws them from there.</summary>
/// <param name="Network">The network's name.</param>
public sealed record SpatialRecord(string Network);
