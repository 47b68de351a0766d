using Espalier.Errors;

namespace Espalier.Data.Images;

/// <summary>How a folder of images is read.</summary>
public sealed record ImageFolderOptions
{
    /// <summary>Width and height in pixels to resize to, in 1..4096; null to keep the size, which must then be one for all.</summary>
    public int? Size { get; init; }

    /// <summary>One channel of luma (ITU-R 601) instead of red, green and blue.</summary>
    public bool Grayscale { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
        => OptionsException.Require(Size is null or (>= 1 and <= 4096), nameof(Size), Size, "must be in 1..4096");
}
