using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>
/// The image padded on every side and cropped back to its size at a random whole pixel: the common augmentation of
/// supervised training on small images (He et al., CVPR 2016, section 4.2: 4 pixels, zeros).
/// </summary>
public sealed record PaddedCropOptions
{
    /// <summary>Width of the padding in pixels, at least 1.</summary>
    public int Padding { get; init; } = 4;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate() => OptionsException.Require(Padding >= 1, nameof(Padding), Padding, "must be at least 1 pixel");
}
