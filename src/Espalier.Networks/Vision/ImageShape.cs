using Espalier.Errors;
using Espalier.Networks.Layers;

namespace Espalier.Networks.Vision;

/// <summary>The shape of the images that a network was made for, [channels, height, width].</summary>
internal static class ImageShape
{
    /// <summary>The shape that options say.</summary>
    /// <exception cref="OptionsException">A part of it is missing.</exception>
    public static long[] Of(IVisionOptions options) =>
    [
        Given.Value(options.Channels, nameof(options.Channels)),
        Given.Value(options.ImageHeight, nameof(options.ImageHeight)),
        Given.Value(options.ImageWidth, nameof(options.ImageWidth)),
    ];

    /// <summary>Refuses images of another shape.</summary>
    /// <exception cref="ShapeException">They have one.</exception>
    public static void Require(Tensor images, long[] shape)
    {
        if (images.dim() != 4 || !images.shape.AsSpan(1).SequenceEqual(shape))
            throw new ShapeException("images", images.shape, $"[batch, {string.Join(", ", shape)}]: the network was made for that size");
    }
}
