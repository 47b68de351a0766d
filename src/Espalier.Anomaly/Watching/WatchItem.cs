namespace Espalier.Anomaly.Watching;

/// <summary>One record of a stream, or what is wrong with it.</summary>
/// <param name="Id">What the record is called.</param>
/// <param name="Values">Its features, or null where it could not be read.</param>
/// <param name="Problem">Why it could not be read, or null.</param>
/// <param name="IsNamed">Whether the record brought its own id: one that comes again is the same record and counts once.</param>
public sealed record WatchItem(string Id, double[]? Values, string? Problem = null, bool IsNamed = false);
