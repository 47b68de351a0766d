using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>The shape of an <see cref="AllConvNet"/>. The defaults are those of Outlier Exposure (Hendrycks et al. 2019, Table 9).</summary>
public sealed record AllConvNetOptions : VisionOptions
{
    /// <summary>Channels before the first pooling; twice as many after it.</summary>
    public int Width { get; init; } = 96;

    /// <summary>Dropout after each of the two poolings, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.5;

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        ValidateImages();
        OptionsException.Require(Width >= 1, nameof(Width), Width, "must be at least 1");
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must lie in [0, 1)");
        OptionsException.Require((ImageHeight ?? 12) >= 12 && (ImageWidth ?? 12) >= 12, nameof(ImageHeight), ImageHeight, "must be at least 12, and the width too: two poolings and a convolution without padding must leave something");
    }
}
