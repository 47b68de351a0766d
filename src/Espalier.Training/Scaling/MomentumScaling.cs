namespace Espalier.Training.Scaling;

/// <summary>How heavy-ball momentum follows the batch size.</summary>
public enum MomentumScaling
{
    /// <summary>μ̂ = μ^κ and η̂ = κη(1-μ̂)/(1-μ): the memory stays constant in samples, the effective rate linear.</summary>
    Exponential,

    /// <summary>μ̂ = μ, as the paper and common practice have it.</summary>
    Keep,
}
