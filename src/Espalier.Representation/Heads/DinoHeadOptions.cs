using Espalier.Errors;

namespace Espalier.Representation.Heads;

/// <summary>The shape of a <see cref="DinoHead"/>; defaults of Caron et al., ICCV 2021, and its code.</summary>
public sealed record DinoHeadOptions
{
    /// <summary>Width of the two hidden layers, at least 1.</summary>
    public int HiddenSize { get; init; } = 2048;

    /// <summary>Width of the bottleneck, whose vectors are normalised, at least 1.</summary>
    public int BottleneckSize { get; init; } = 256;

    /// <summary>Number of output logits, at least 2.</summary>
    public int OutputSize { get; init; } = 65_536;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(HiddenSize >= 1, nameof(HiddenSize), HiddenSize, "must be at least 1");
        OptionsException.Require(BottleneckSize >= 1, nameof(BottleneckSize), BottleneckSize, "must be at least 1");
        OptionsException.Require(OutputSize >= 2, nameof(OutputSize), OutputSize, "must be at least 2");
    }
}
