namespace Espalier.Training.Averages;

/// <summary>Which weighted mean of the weights over time a <see cref="ModelEma"/> is.</summary>
public enum EmaKind
{
    /// <summary>Exponential: ζ ← ρζ + (1-ρ)θ.</summary>
    Exponential,

    /// <summary>All weights since the start count alike (Polyak &amp; Juditsky 1992; with a late start, SWA of Izmailov et al. 2018).</summary>
    Polyak,

    /// <summary>
    /// The power function of EDM2 (Karras et al. 2024, equation 6): weights count with t^γ, so that the profile has the same shape at
    /// every length of training. Satisfies the scaling rule exactly.
    /// </summary>
    PowerFunction,
}
