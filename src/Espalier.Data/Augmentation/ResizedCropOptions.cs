using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>
/// A random box of the image, resized to the output by bilinear interpolation without antialiasing (Szegedy et al.,
/// Going Deeper with Convolutions, CVPR 2015). The box has real-valued corners, so that on small images its area is not
/// rounded to whole pixels. Ten boxes are tried; where none fits, the largest central box of a legal aspect is taken.
/// </summary>
public sealed record ResizedCropOptions
{
    /// <summary>Least area of the box as a share of the image, in (0, 1].</summary>
    public double MinArea { get; init; } = 0.08;

    /// <summary>Greatest area of the box as a share of the image, in [<see cref="MinArea"/>, 1]. Areas are uniform.</summary>
    public double MaxArea { get; init; } = 1;

    /// <summary>Least width / height of the box in pixels, above 0.</summary>
    public double MinAspect { get; init; } = 3.0 / 4;

    /// <summary>Greatest width / height, at least <see cref="MinAspect"/>. Aspects are uniform in their logarithm.</summary>
    public double MaxAspect { get; init; } = 4.0 / 3;

    /// <summary>Height and width of the output in pixels; null keeps the image's own.</summary>
    public int? Size { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(MinArea is > 0 and <= 1, nameof(MinArea), MinArea, "must be above 0 and at most 1");
        OptionsException.Require(MaxArea >= MinArea && MaxArea <= 1, nameof(MaxArea), MaxArea, $"must be at least minArea ({MinArea}) and at most 1");
        OptionsException.Require(MinAspect > 0 && double.IsFinite(MinAspect), nameof(MinAspect), MinAspect, "must be above 0");
        OptionsException.Require(MaxAspect >= MinAspect && double.IsFinite(MaxAspect), nameof(MaxAspect), MaxAspect, $"must be at least minAspect ({MinAspect})");
        OptionsException.Require(Size is null or >= 1, nameof(Size), Size, "must be at least 1");
    }
}
