using Espalier.Anomaly.Watching;

namespace Espalier.Cli.Watching;

/// <summary>Records of one request, and who waits for their decisions.</summary>
internal sealed record WatchRequest(IReadOnlyList<WatchItem> Items, TaskCompletionSource<IReadOnlyList<WatchEvent>> Answer);
