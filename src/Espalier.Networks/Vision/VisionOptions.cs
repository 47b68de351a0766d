using Espalier.Errors;
using Espalier.Networks.Layers;

namespace Espalier.Networks.Vision;

/// <summary>What every network for images is told about them.</summary>
public abstract record VisionOptions : IVisionOptions
{
    /// <summary>Height of the images in pixels; null takes the data's.</summary>
    public int? ImageHeight { get; init; }

    /// <summary>Width of the images in pixels; null takes the data's.</summary>
    public int? ImageWidth { get; init; }

    /// <summary>Channels of the images; null takes the data's.</summary>
    public int? Channels { get; init; }

    /// <summary>Number of classes; null takes the data's.</summary>
    public int? Classes { get; init; }

    /// <summary>What is subtracted from the pixels first: one value, or one per channel, in the pixels' unit.</summary>
    public IReadOnlyList<double> InputMean { get; init; } = [0];

    /// <summary>What the pixels are then divided by: one value, or one per channel, above zero.</summary>
    public IReadOnlyList<double> InputStd { get; init; } = [1];

    /// <summary>Checks what all networks for images have in common.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected void ValidateImages()
    {
        OptionsException.Require(ImageHeight is null or >= 1, nameof(ImageHeight), ImageHeight, "must be at least 1");
        OptionsException.Require(ImageWidth is null or >= 1, nameof(ImageWidth), ImageWidth, "must be at least 1");
        OptionsException.Require(Channels is null or >= 1, nameof(Channels), Channels, "must be at least 1");
        OptionsException.Require(Classes is null or >= 2, nameof(Classes), Classes, "must be at least 2");
        Standardization.Validate(InputMean, InputStd, Channels, "channel");
    }
}
