namespace Espalier.Recipes.Search;

/// <summary>A policy of a front.</summary>
/// <param name="Complexity">Nominal gradients per input.</param>
/// <param name="Robust">Robust accuracy on the search samples.</param>
public sealed record SearchPoint(double Complexity, double Robust);
