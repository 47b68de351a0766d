namespace Espalier.Data.Augmentation;

/// <summary>What an image shows beyond its border where a transformation asks for it.</summary>
public enum EdgePadding
{
    /// <summary>A constant, <see cref="AugmentationOptions.Fill"/>; a pixel half outside blends with it.</summary>
    Fill,

    /// <summary>The nearest pixel of the border.</summary>
    Replicate,

    /// <summary>The image mirrored at its border pixels, which are not repeated (PyTorch's <c>reflect</c>).</summary>
    Reflect,
}
