using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>The shape of a <see cref="ResNet"/>. The defaults are ResNet-18 (He et al. 2016) in torchvision's layout.</summary>
public sealed record ResNetOptions : VisionOptions
{
    /// <summary>Blocks of each stage.</summary>
    public IReadOnlyList<int> Blocks { get; init; } = [2, 2, 2, 2];

    /// <summary>Whether a block is a bottleneck of 1x1, 3x3 and 1x1 convolutions rather than two of 3x3.</summary>
    public bool Bottleneck { get; init; }

    /// <summary>Channels of the first stage; each later one has twice as many.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Whether the stem is made for small images: a 3x3 convolution of stride 1 without pooling, rather than 7x7 of stride 2 with it.</summary>
    public bool SmallImages { get; init; }

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        ValidateImages();
        OptionsException.Require(Blocks.Count >= 1 && Blocks.All(b => b >= 1), nameof(Blocks), string.Join(", ", Blocks), "must hold numbers of at least 1");
        OptionsException.Require(Width >= 1, nameof(Width), Width, "must be at least 1");
    }
}
