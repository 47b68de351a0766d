namespace Espalier.Anomaly.Tabular;

/// <summary>A row of the training table beside an unusual one.</summary>
/// <param name="Number">Its number in the table of the fit, from 0.</param>
/// <param name="Distance">How far, in standard deviations of the columns.</param>
/// <param name="Values">The row.</param>
public sealed record TrainingRow(int Number, double Distance, IReadOnlyList<double> Values);
