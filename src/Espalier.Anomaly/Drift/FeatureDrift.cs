namespace Espalier.Anomaly.Drift;

/// <summary>How one feature of a window differs from the reference.</summary>
/// <param name="Name">The feature.</param>
/// <param name="KolmogorovSmirnov">Largest distance of the two distribution functions, in [0, 1].</param>
/// <param name="PValue">Of that distance, before any correction.</param>
/// <param name="StabilityIndex">Population stability index; below 0.1 is calm, above 0.25 a shift by custom.</param>
/// <param name="ReferenceMean">Mean in the reference.</param>
/// <param name="WindowMean">Mean in the window.</param>
/// <param name="IsDrift">Whether the corrected test says drift.</param>
public sealed record FeatureDrift(string Name, double KolmogorovSmirnov, double PValue, double StabilityIndex, double ReferenceMean, double WindowMean, bool IsDrift);
