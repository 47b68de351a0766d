namespace Espalier.Anomaly.Tabular;

/// <summary>What <see cref="PcaDetector"/> takes for a score.</summary>
public enum PcaScore
{
    /// <summary>Σ (v_jᵀz)²/λ_j: the squared distance in units of each direction's own deviation, χ² distributed for Gaussian rows.</summary>
    ChiSquare,

    /// <summary>The squared distance to the plane of the leading components.</summary>
    Reconstruction,

    /// <summary>PyOD's sum of distances to the component vectors, Σ ‖z − v_j‖/(λ_j/Σλ): for comparison with its numbers.</summary>
    Compat,
}
