namespace Espalier.Anomaly.Decisions;

/// <summary>An ordinary example that an alarming record is nearest to.</summary>
/// <param name="Id">What it is called: a row of the training table, a sample of the training set.</param>
/// <param name="Distance">How far: in standard deviations of a table's columns, or between a network's features.</param>
/// <param name="Values">The row; null where it is no row of a table.</param>
public sealed record AlarmNeighbour(string Id, double Distance, IReadOnlyList<double>? Values = null);
