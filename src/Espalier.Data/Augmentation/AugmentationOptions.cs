using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>
/// One random view of an image. What is null or zero is left out; the rest happens in this order: affine transformation,
/// crop and flip in one bilinear resampling; AutoAugment; colour jitter; grey; blur; solarization; erasing. The defaults change nothing.
/// AutoAugment, colour jitter, grey and solarization are defined on values in [0, 1] and refuse data with other bounds.
/// </summary>
public sealed record AugmentationOptions
{
    /// <summary>A random box resized to the output; excludes <see cref="PaddedCrop"/>.</summary>
    public ResizedCropOptions? ResizedCrop { get; init; }

    /// <summary>A crop of the padded image; excludes <see cref="ResizedCrop"/>.</summary>
    public PaddedCropOptions? PaddedCrop { get; init; }

    /// <summary>Rotation, scaling, shear and shift.</summary>
    public AffineOptions? Affine { get; init; }

    /// <summary>Probability that the view is mirrored left to right, in [0, 1].</summary>
    public double FlipProbability { get; init; }

    /// <summary>What lies beyond the border for <see cref="Affine"/> and <see cref="PaddedCrop"/>. A resized crop alone never leaves the image.</summary>
    public EdgePadding Padding { get; init; } = EdgePadding.Fill;

    /// <summary>The constant of <see cref="EdgePadding.Fill"/>, within the data's bounds.</summary>
    public double Fill { get; init; }

    /// <summary>Operations of AutoAugment or RandAugment, after crop and flip.</summary>
    public AutoAugmentOptions? AutoAugment { get; init; }

    /// <summary>Changes of brightness, contrast, saturation and hue.</summary>
    public ColorJitterOptions? ColorJitter { get; init; }

    /// <summary>Probability that all three channels become the grey of the pixel, in [0, 1]; no effect on one channel.</summary>
    public double GrayProbability { get; init; }

    /// <summary>Gaussian blur.</summary>
    public GaussianBlurOptions? Blur { get; init; }

    /// <summary>Inversion of bright pixels.</summary>
    public SolarizeOptions? Solarize { get; init; }

    /// <summary>Erasing of a rectangle.</summary>
    public RandomEraseOptions? Erase { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range, or two options exclude each other.</exception>
    public void Validate()
    {
        OptionsException.Require(ResizedCrop is null || PaddedCrop is null, nameof(PaddedCrop), PaddedCrop, "excludes resizedCrop: give one of them");
        OptionsException.Require(FlipProbability is >= 0 and <= 1, nameof(FlipProbability), FlipProbability, "must be in 0..1");
        OptionsException.Require(Enum.IsDefined(Padding), nameof(Padding), Padding, "must be fill, replicate or reflect");
        OptionsException.Require(double.IsFinite(Fill), nameof(Fill), Fill, "must be finite");
        OptionsException.Require(GrayProbability is >= 0 and <= 1, nameof(GrayProbability), GrayProbability, "must be in 0..1");
        Within("resizedCrop", ResizedCrop is null ? null : ResizedCrop.Validate);
        Within("paddedCrop", PaddedCrop is null ? null : PaddedCrop.Validate);
        Within("affine", Affine is null ? null : Affine.Validate);
        Within("autoAugment", AutoAugment is null ? null : AutoAugment.Validate);
        Within("colorJitter", ColorJitter is null ? null : ColorJitter.Validate);
        Within("blur", Blur is null ? null : Blur.Validate);
        Within("solarize", Solarize is null ? null : Solarize.Validate);
        Within("erase", Erase is null ? null : Erase.Validate);

        static void Within(string section, Action? check)
        {
            if (check is not null)
                OptionsException.Within(section, check);
        }
    }
}
