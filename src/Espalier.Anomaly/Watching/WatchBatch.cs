namespace Espalier.Anomaly.Watching;

/// <summary>Records that a source has read, and where it stands once they are dealt with.</summary>
/// <param name="Items">The records.</param>
/// <param name="Position">What the source continues from, in its own form.</param>
public sealed record WatchBatch(IReadOnlyList<WatchItem> Items, string Position);
