using Espalier.Recipes.Detection;
using Espalier.Recipes.Comparison;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
namespace Espalier.Recipes.Search;

/// <summary>A policy of a front.</summary>
/// <param name="Complexity">Nominal gradients per input.</param>
/// <param name="Robust">Robust accuracy on the search samples.</param>
public sealed record SearchPoint(double Complexity, double Robust);
