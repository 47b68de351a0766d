using Espalier.Recipes.Search;
using Espalier.Recipes.Detection;
using Espalier.Recipes.Comparison;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Anomaly.Watching;

namespace Espalier.Cli.Watching;

/// <summary>Records of one request, and who waits for their decisions.</summary>
internal sealed record WatchRequest(IReadOnlyList<WatchItem> Items, TaskCompletionSource<IReadOnlyList<WatchEvent>> Answer);
