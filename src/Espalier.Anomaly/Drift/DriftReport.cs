namespace Espalier.Anomaly.Drift;

/// <summary>How a window of rows differs from the reference.</summary>
/// <param name="ReferenceRows">Rows of the reference.</param>
/// <param name="WindowRows">Rows of the window.</param>
/// <param name="Features">Feature by feature, in their order.</param>
/// <param name="Discrepancy">Unbiased squared maximum mean discrepancy of the rows as a whole, RBF kernel; null where it was left out.</param>
/// <param name="DiscrepancyPValue">Its permutation p-value.</param>
/// <param name="IsDrift">Whether any test says drift: a feature, or the discrepancy at level α.</param>
public sealed record DriftReport(int ReferenceRows, int WindowRows, IReadOnlyList<FeatureDrift> Features, double? Discrepancy, double? DiscrepancyPValue, bool IsDrift)
{
    /// <summary>Features that the corrected test calls drifted, the surest first.</summary>
    public IEnumerable<FeatureDrift> Drifted => Features.Where(f => f.IsDrift).OrderBy(f => f.PValue).ThenByDescending(f => f.KolmogorovSmirnov);
}
