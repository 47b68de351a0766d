namespace Espalier.Anomaly.Detectors;

/// <summary>Rows brought to length one.</summary>
internal static class UnitRows
{
    /// <summary>z / ‖z‖; a row of zeros, which has no direction, stays zero and is equally far from all others.</summary>
    public static Tensor Of(Tensor rows) => rows / rows.pow(2).sum([1L], keepdim: true).sqrt().clamp_min(1e-12);
}
