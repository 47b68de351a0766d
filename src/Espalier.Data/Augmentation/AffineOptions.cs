using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>
/// A random affine transformation about the image's centre: shear, then rotation and scaling, then a shift. All draws
/// are uniform. It is resampled together with crop and flip, so that an image is interpolated once.
/// </summary>
public sealed record AffineOptions
{
    /// <summary>Greatest rotation either way, in degrees, 0 to 180.</summary>
    public double Rotation { get; init; }

    /// <summary>Least scaling; below 1 the content shrinks. Above 0.</summary>
    public double MinScale { get; init; } = 1;

    /// <summary>Greatest scaling, at least <see cref="MinScale"/>.</summary>
    public double MaxScale { get; init; } = 1;

    /// <summary>Greatest shear along x either way, in degrees, 0 to below 90.</summary>
    public double Shear { get; init; }

    /// <summary>Greatest shift either way, along each axis, as a share of the image's width or height, 0 to 1.</summary>
    public double Shift { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Rotation is >= 0 and <= 180, nameof(Rotation), Rotation, "must be in 0..180 degrees");
        OptionsException.Require(MinScale > 0 && double.IsFinite(MinScale), nameof(MinScale), MinScale, "must be above 0");
        OptionsException.Require(MaxScale >= MinScale && double.IsFinite(MaxScale), nameof(MaxScale), MaxScale, $"must be at least minScale ({MinScale})");
        OptionsException.Require(Shear is >= 0 and < 90, nameof(Shear), Shear, "must be at least 0 and below 90 degrees");
        OptionsException.Require(Shift is >= 0 and <= 1, nameof(Shift), Shift, "must be in 0..1");
    }
}
