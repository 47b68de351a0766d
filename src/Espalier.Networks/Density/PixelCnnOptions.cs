using Espalier.Errors;

namespace Espalier.Networks.Density;

/// <summary>The shape of a <see cref="PixelCnn"/>; the defaults have 33,615 weights and train on two cores.</summary>
public sealed record PixelCnnOptions
{
    /// <summary>Channels between the layers.</summary>
    public int Channels { get; init; } = 24;

    /// <summary>Side of the first kernel, odd.</summary>
    public int FirstKernel { get; init; } = 7;

    /// <summary>Residual blocks.</summary>
    public int Blocks { get; init; } = 5;

    /// <summary>Logistics in the mixture of a pixel.</summary>
    public int Mixtures { get; init; } = 5;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Channels >= 1, nameof(Channels), Channels, "must be at least 1");
        OptionsException.Require(FirstKernel >= 3 && FirstKernel % 2 == 1, nameof(FirstKernel), FirstKernel, "must be odd and at least 3");
        OptionsException.Require(Blocks >= 0, nameof(Blocks), Blocks, "must not be negative");
        OptionsException.Require(Mixtures >= 1, nameof(Mixtures), Mixtures, "must be at least 1");
    }
}
