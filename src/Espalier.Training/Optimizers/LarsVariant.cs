namespace Espalier.Training.Optimizers;

/// <summary>The two published forms of LARS.</summary>
public enum LarsVariant
{
    /// <summary>BYOL's: the update, decay included, is scaled to η_t‖w‖.</summary>
    Byol,

    /// <summary>That of You et al. 2017 as Lightning and lightly have it: the rate is scaled by η_t‖w‖/(‖g‖+λ‖w‖+ε).</summary>
    Lightning,
}
