namespace Espalier.Training.Scaling;

/// <summary>How the momentum of a model EMA follows the batch size.</summary>
public enum EmaScaling
{
    /// <summary>ρ̂ = ρ^κ: the EMA scaling rule (Busbridge et al. 2023, Definition 1.2).</summary>
    Exponential,

    /// <summary>ρ̂ = ρ: what most libraries do.</summary>
    None,

    /// <summary>1-ρ̂ = κ(1-ρ); refused where it leaves [0, 1].</summary>
    Linear,

    /// <summary>The rule with the weights before and after the step: exact where the weights drift linearly.</summary>
    TwoPoint,
}
