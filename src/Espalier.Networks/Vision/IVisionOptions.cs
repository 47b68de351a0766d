namespace Espalier.Networks.Vision;

/// <summary>What every network for images is told about them.</summary>
public interface IVisionOptions
{
    /// <summary>Height of the images in pixels; null takes the data's.</summary>
    int? ImageHeight { get; }

    /// <summary>Width of the images in pixels; null takes the data's.</summary>
    int? ImageWidth { get; }

    /// <summary>Channels of the images; null takes the data's.</summary>
    int? Channels { get; }

    /// <summary>Number of classes; null takes the data's.</summary>
    int? Classes { get; }

    /// <summary>What is subtracted from the pixels first: one value, or one per channel, in the pixels' unit.</summary>
    IReadOnlyList<double> InputMean { get; }

    /// <summary>What the pixels are then divided by: one value, or one per channel, above zero.</summary>
    IReadOnlyList<double> InputStd { get; }
}
