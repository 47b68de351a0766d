namespace Espalier.Training.Averages;

/// <summary>What a model EMA does with buffers such as batch-norm statistics.</summary>
public enum EmaBuffers
{
    /// <summary>They are the model's at every update.</summary>
    Copy,

    /// <summary>Floating-point buffers are averaged like weights, integers copied.</summary>
    Average,
}
