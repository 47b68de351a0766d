using Espalier.Errors;
using Espalier.Networks.Layers;
using Espalier.Networks.Vision;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// The shape of a <see cref="GmlpVision"/>. The defaults are gMLP-Ti of Liu et al., "Pay Attention to MLPs" (NeurIPS
/// 2021, arXiv:2105.08050), Table 1, with timm's initialisation.
/// </summary>
public sealed record GmlpVisionOptions : GmlpOptions, IPatchOptions
{
    /// <summary>Height of the images in pixels; null takes the data's.</summary>
    public int? ImageHeight { get; init; }

    /// <summary>Width of the images in pixels; null takes the data's.</summary>
    public int? ImageWidth { get; init; }

    /// <summary>Channels of the images; null takes the data's.</summary>
    public int? Channels { get; init; }

    /// <summary>Number of classes; null takes the data's.</summary>
    public int? Classes { get; init; }

    /// <summary>Height of a patch in pixels, and its width unless <see cref="PatchWidth"/> says otherwise.</summary>
    public int PatchSize { get; init; } = 16;

    /// <summary>Width of a patch in pixels; null is <see cref="PatchSize"/>.</summary>
    public int? PatchWidth { get; init; }

    /// <summary>Whether the head's bias starts at -log(classes) rather than 0 (timm's option "nlhb").</summary>
    public bool NegativeLogHeadBias { get; init; }

    /// <summary>What is subtracted from the pixels first: one value, or one per channel, in the pixels' unit.</summary>
    public IReadOnlyList<double> InputMean { get; init; } = [0];

    /// <summary>What the pixels are then divided by: one value, or one per channel, above zero.</summary>
    public IReadOnlyList<double> InputStd { get; init; } = [1];

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        AtLeastOne(ImageHeight, nameof(ImageHeight));
        AtLeastOne(ImageWidth, nameof(ImageWidth));
        AtLeastOne(Channels, nameof(Channels));
        OptionsException.Require(Classes is null or >= 2, nameof(Classes), Classes, "must be at least 2");
        AtLeastOne(PatchSize, nameof(PatchSize));
        AtLeastOne(PatchWidth, nameof(PatchWidth));
        ValidateBlocks();
        OptionsException.Require(ImageHeight is not int height || height % PatchSize == 0, nameof(ImageHeight), ImageHeight, $"must be a multiple of the patch height {PatchSize}");
        OptionsException.Require(ImageWidth is not int width || width % (PatchWidth ?? PatchSize) == 0, nameof(ImageWidth), ImageWidth, $"must be a multiple of the patch width {PatchWidth ?? PatchSize}");
        Standardization.Validate(InputMean, InputStd, Channels, "channel");
    }
}
