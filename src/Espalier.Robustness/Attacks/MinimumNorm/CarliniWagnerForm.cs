namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>How <see cref="CarliniWagner"/> searches.</summary>
public enum CarliniWagnerForm
{
    /// <summary>The paper's: x = (tanh w + 1)/2 in place of the box, and a search for the weight c.</summary>
    TanhSpace,

    /// <summary>
    /// That of composite attacks' published code (Mao et al. 2021): Adam on δ itself, clipped into the box, with one
    /// weight for all. One run of the steps, and weak.
    /// </summary>
    FixedTradeoff,
}
