using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>
/// Overwrites a random rectangle that lies inside the image with a constant: a square of fixed size (DeVries and Taylor,
/// Cutout, 2017, but never cut off by the border), or a rectangle of random area and aspect (Zhong et al., Random Erasing,
/// AAAI 2020: ten are tried; where none fits, nothing is erased).
/// </summary>
public sealed record RandomEraseOptions
{
    /// <summary>Probability that an image loses a rectangle, in [0, 1].</summary>
    public double Probability { get; init; } = 0.5;

    /// <summary>Side of the square in pixels, at least 1; null draws area and aspect.</summary>
    public int? Size { get; init; }

    /// <summary>Least area as a share of the image, in (0, 1); used where <see cref="Size"/> is null.</summary>
    public double MinArea { get; init; } = 0.02;

    /// <summary>Greatest area as a share of the image, in [<see cref="MinArea"/>, 1). Areas are uniform.</summary>
    public double MaxArea { get; init; } = 0.33;

    /// <summary>Least height / width, above 0.</summary>
    public double MinAspect { get; init; } = 0.3;

    /// <summary>Greatest height / width, at least <see cref="MinAspect"/>. Aspects are uniform in their logarithm.</summary>
    public double MaxAspect { get; init; } = 3.3;

    /// <summary>The constant, within the data's bounds.</summary>
    public double Fill { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Probability is >= 0 and <= 1, nameof(Probability), Probability, "must be in 0..1");
        OptionsException.Require(Size is null or >= 1, nameof(Size), Size, "must be at least 1 pixel");
        OptionsException.Require(MinArea is > 0 and < 1, nameof(MinArea), MinArea, "must be above 0 and below 1");
        OptionsException.Require(MaxArea >= MinArea && MaxArea < 1, nameof(MaxArea), MaxArea, $"must be at least minArea ({MinArea}) and below 1");
        OptionsException.Require(MinAspect > 0 && double.IsFinite(MinAspect), nameof(MinAspect), MinAspect, "must be above 0");
        OptionsException.Require(MaxAspect >= MinAspect && double.IsFinite(MaxAspect), nameof(MaxAspect), MaxAspect, $"must be at least minAspect ({MinAspect})");
        OptionsException.Require(double.IsFinite(Fill), nameof(Fill), Fill, "must be finite");
    }
}
