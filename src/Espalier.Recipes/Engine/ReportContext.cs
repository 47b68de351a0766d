using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>What a part of a report may look at beside its record.</summary>
/// <param name="Run">The run's folder: metrics, weights.</param>
/// <param name="Recipe">What was run.</param>
public sealed record ReportContext(Run Run, Recipe Recipe);
