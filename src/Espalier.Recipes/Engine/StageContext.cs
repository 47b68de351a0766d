using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>What a stage is told.</summary>
/// <param name="Recipe">The whole recipe.</param>
/// <param name="Run">Where the run writes.</param>
/// <param name="Seed">What all that is random derives from.</param>
/// <param name="Progress">Told how much of the stage is done, in [0, 1].</param>
/// <param name="CancellationToken">Ends the stage.</param>
public sealed record StageContext(Recipe Recipe, Run Run, int Seed, IProgress<double>? Progress, CancellationToken CancellationToken);
