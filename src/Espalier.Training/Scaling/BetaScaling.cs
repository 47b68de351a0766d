namespace Espalier.Training.Scaling;

/// <summary>How the moment decays of Adam and RMSProp follow the batch size.</summary>
public enum BetaScaling
{
    /// <summary>β̂ = β^κ: to first order the linear form, and always in [0, 1).</summary>
    Exponential,

    /// <summary>1-β̂ = κ(1-β) (Malladi et al. 2022); refused where it leaves [0, 1).</summary>
    Linear,

    /// <summary>β̂ = β.</summary>
    Keep,
}
