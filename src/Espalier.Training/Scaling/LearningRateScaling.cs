namespace Espalier.Training.Scaling;

/// <summary>How the learning rate follows the batch size.</summary>
public enum LearningRateScaling
{
    /// <summary>As the optimizer's theory says: linear for SGD and LARS, square root for Adam, AdamW and RMSProp.</summary>
    Auto,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>η̂ = κη (Goyal et al. 2017).</summary>
    Linear,

    /// <summary>η̂ = √κ η (Malladi et al. 2022).</summary>
    SquareRoot,
}
