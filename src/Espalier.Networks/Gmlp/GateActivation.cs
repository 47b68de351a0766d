namespace Espalier.Networks.Gmlp;

/// <summary>What the gate passes through before it multiplies.</summary>
public enum GateActivation
{
    /// <summary>Nothing, as in the paper.</summary>
    Identity,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>The logistic function.</summary>
    Sigmoid,
}
