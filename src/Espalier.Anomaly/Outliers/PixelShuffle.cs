using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// In-distribution images with their pixels in random order, each image in its own: every statistic of single pixels is
/// kept, all structure is gone. The channels of a pixel stay together. No image is used twice before all were used.
/// </summary>
public sealed class PixelShuffle() : OutlierGenerator("pixel-shuffle")
{
    /// <inheritdoc/>
    public override bool NeedsSource => true;

    private protected override bool NeedsImages => true;

    private protected override Tensor Generate(long[] shape, InputBounds bounds, torch.Generator generator, Dataset? source)
    {
        if (!source!.InputShape.SequenceEqual(shape[1..]))
            throw new ShapeException("the source's inputs", source.InputShape, $"[{string.Join(", ", shape[1..])}]");
        Tensor pixels = source.Gather(Drawn(source.Count, checked((int)shape[0]), generator)).Inputs.flatten(2);            // [count, channels, height * width]
        Tensor place = torch.rand([shape[0], 1, pixels.shape[2]], generator: generator).argsort(-1).to(pixels.device);
        return bounds.Clamp(pixels.gather(2, place.expand(pixels.shape)).view(shape));
    }
}
