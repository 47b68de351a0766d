namespace Espalier.Networks.Gmlp;

/// <summary>
/// What the spatial gating unit makes of Z, with f(Z) = W·LayerNorm(Z) + beta (Liu et al. 2021, Table 3).
/// </summary>
public enum GateForm
{
    /// <summary>Z1 * f(Z2), Z cut in two halves along its channels: the gMLP itself.</summary>
    MultiplicativeSplit,

    /// <summary>Z * f(Z).</summary>
    Multiplicative,

    /// <summary>Z + f(Z).</summary>
    Additive,

    /// <summary>f(Z).</summary>
    Linear,
}
