namespace Espalier.Anomaly.Evaluation;

/// <summary>Outliers that detectors are confronted with.</summary>
/// <param name="Name">What they are called in tables.</param>
/// <param name="Inputs">[m, ...], in the unit that the model takes; the caller's.</param>
/// <param name="Group">Their part.</param>
public sealed record OutlierSet(string Name, Tensor Inputs, OutlierGroup Group);
