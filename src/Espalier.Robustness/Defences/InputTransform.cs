namespace Espalier.Robustness.Defences;

/// <summary>What a defence does to inputs before the model sees them.</summary>
public abstract class InputTransform
{
    /// <summary>The transform's name and numbers.</summary>
    public abstract string Description { get; }

    /// <summary>Whether it draws anew at each pass.</summary>
    public virtual bool IsRandom => false;

    /// <summary>The transformed inputs.</summary>
    /// <param name="inputs">[batch, ...].</param>
    public abstract Tensor Apply(Tensor inputs);

    /// <summary>A smooth function near the transform, for gradients; null where the identity will do.</summary>
    /// <param name="inputs">[batch, ...].</param>
    public virtual Tensor? Smooth(Tensor inputs) => null;
}
