using Espalier.Errors;

namespace Espalier.Representation.Heads;

/// <summary>The shape of a <see cref="ProjectionHead"/>; defaults of BYOL (Grill et al., NeurIPS 2020, section 3.3).</summary>
public sealed record ProjectionHeadOptions
{
    /// <summary>Width of the hidden layer, at least 1. BYOL: 4096; SimCLR: the encoder's own.</summary>
    public int HiddenSize { get; init; } = 4096;

    /// <summary>Width of the output, at least 1. BYOL: 256; SimCLR: 128.</summary>
    public int OutputSize { get; init; } = 256;

    /// <summary>Whether the output layer has a bias; BYOL's official code has none.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(HiddenSize >= 1, nameof(HiddenSize), HiddenSize, "must be at least 1");
        OptionsException.Require(OutputSize >= 1, nameof(OutputSize), OutputSize, "must be at least 1");
    }
}
