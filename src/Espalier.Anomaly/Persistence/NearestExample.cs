namespace Espalier.Anomaly.Persistence;

/// <summary>An in-distribution sample near an input.</summary>
/// <param name="Id">What it is called.</param>
/// <param name="Distance">The Euclidean distance of the features.</param>
public sealed record NearestExample(string Id, double Distance);
