using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>
/// The shape of a <see cref="ConvNet"/>. The defaults are the SmallCNN for MNIST of TRADES (Zhang et al. 2019) and of
/// Carlini and Wagner 2017.
/// </summary>
public sealed record ConvNetOptions : VisionOptions
{
    /// <summary>The convolutions.</summary>
    public IReadOnlyList<ConvLayerOptions> Convolutions { get; init; } =
        [new() { Channels = 32 }, new() { Channels = 32, Pool = 2 }, new() { Channels = 64 }, new() { Channels = 64, Pool = 2 }];

    /// <summary>Widths of the hidden linear layers after them.</summary>
    public IReadOnlyList<int> HiddenSizes { get; init; } = [200, 200];

    /// <summary>The nonlinearity after the pooling of each convolution and after each hidden layer.</summary>
    public ConvActivation Activation { get; init; }

    /// <summary>Dropout after the first hidden layer, in [0, 1).</summary>
    public double Dropout { get; init; }

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        ValidateImages();
        foreach (ConvLayerOptions convolution in Convolutions)
            OptionsException.Within("convolutions", convolution.Validate);
        OptionsException.Require(HiddenSizes.All(h => h >= 1), nameof(HiddenSizes), string.Join(", ", HiddenSizes), "must hold widths of at least 1");
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must lie in [0, 1)");
    }
}
