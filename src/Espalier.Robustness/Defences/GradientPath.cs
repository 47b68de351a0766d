namespace Espalier.Robustness.Defences;

/// <summary>How a gradient passes an <see cref="InputTransform"/>.</summary>
public enum GradientPath
{
    /// <summary>As the transform is: zero, or cut, where it rounds or compares.</summary>
    Exact,

    /// <summary>
    /// Backward pass differentiable approximation (BPDA; Athalye, Carlini, Wagner, "Obfuscated Gradients Give a False Sense
    /// of Security", ICML 2018): the transform forward, the identity backward.
    /// </summary>
    StraightThrough,

    /// <summary>BPDA with the transform's own smooth stand-in backward; the identity where it has none.</summary>
    Surrogate,
}
