using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>
/// A Gaussian blur of random strength: a separable kernel, sampled at whole pixels and normalised to sum 1, on the image
/// mirrored at its border (Chen et al., SimCLR, ICML 2020, appendix A).
/// </summary>
public sealed record GaussianBlurOptions
{
    /// <summary>Probability that an image is blurred, in [0, 1]. SimCLR: 0.5.</summary>
    public double Probability { get; init; } = 0.5;

    /// <summary>Least standard deviation in pixels, above 0.</summary>
    public double MinSigma { get; init; } = 0.1;

    /// <summary>Greatest standard deviation in pixels, at least <see cref="MinSigma"/>. Deviations are uniform.</summary>
    public double MaxSigma { get; init; } = 2;

    /// <summary>Width of the kernel in pixels, odd; null takes a tenth of the output's shorter side, made odd.</summary>
    public int? KernelSize { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Probability is >= 0 and <= 1, nameof(Probability), Probability, "must be in 0..1");
        OptionsException.Require(MinSigma > 0 && double.IsFinite(MinSigma), nameof(MinSigma), MinSigma, "must be above 0 pixels");
        OptionsException.Require(MaxSigma >= MinSigma && double.IsFinite(MaxSigma), nameof(MaxSigma), MaxSigma, $"must be at least minSigma ({MinSigma})");
        OptionsException.Require(KernelSize is null || (KernelSize >= 1 && KernelSize % 2 == 1), nameof(KernelSize), KernelSize, "must be odd and at least 1");
    }
}
