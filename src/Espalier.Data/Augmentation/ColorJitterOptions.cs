using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>
/// Random changes of brightness, contrast, saturation and hue, in random order, each as torchvision defines it for
/// float images in [0, 1]: brightness x·f; contrast and saturation blend with the mean grey and with the pixel's own
/// grey, f·x + (1-f)·grey; hue shifts the angle of HSV. Results are clipped to [0, 1]. Grey is .2989 R + .587 G + .114 B.
/// Saturation and hue leave images of one channel alone.
/// </summary>
public sealed record ColorJitterOptions
{
    /// <summary>Probability that an image is jittered at all, in [0, 1]. BYOL, SimCLR and DINO: 0.8.</summary>
    public double Probability { get; init; } = 0.8;

    /// <summary>b: the factor is uniform in [max(0, 1-b), 1+b]. At least 0.</summary>
    public double Brightness { get; init; } = 0.4;

    /// <summary>c: the factor is uniform in [max(0, 1-c), 1+c]. At least 0.</summary>
    public double Contrast { get; init; } = 0.4;

    /// <summary>s: the factor is uniform in [max(0, 1-s), 1+s]. At least 0.</summary>
    public double Saturation { get; init; } = 0.2;

    /// <summary>h: the shift is uniform in [-h, h], in turns. In [0, 0.5].</summary>
    public double Hue { get; init; } = 0.1;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Probability is >= 0 and <= 1, nameof(Probability), Probability, "must be in 0..1");
        OptionsException.Require(Brightness >= 0 && double.IsFinite(Brightness), nameof(Brightness), Brightness, "must be at least 0");
        OptionsException.Require(Contrast >= 0 && double.IsFinite(Contrast), nameof(Contrast), Contrast, "must be at least 0");
        OptionsException.Require(Saturation >= 0 && double.IsFinite(Saturation), nameof(Saturation), Saturation, "must be at least 0");
        OptionsException.Require(Hue is >= 0 and <= 0.5, nameof(Hue), Hue, "must be in 0..0.5 turns");
    }
}
