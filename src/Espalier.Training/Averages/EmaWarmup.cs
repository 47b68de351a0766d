namespace Espalier.Training.Averages;

/// <summary>How the momentum of a model EMA rises at the start; t counts updates of the base batch.</summary>
public enum EmaWarmup
{
    /// <summary>Not at all: ρ from the first update.</summary>
    None,

    /// <summary>min(ρ, 1-(1+t/γ)^-p) with γ = 1, p = 2/3, as timm and ema-pytorch have it.</summary>
    Power,

    /// <summary>min(ρ, (1+t)/(10+t)), as TensorFlow has it.</summary>
    Ratio,

    /// <summary>ρ(1-e^(-t/2000)), as YOLO has it.</summary>
    Exponential,

    /// <summary>An average that starts at zero, divided by 1-ρ^t, as optax has it: the initial weights do not count.</summary>
    BiasCorrected,
}
