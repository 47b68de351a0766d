using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>One convolution of a <see cref="ConvNet"/>, with the dropout, the pooling and the activation after it.</summary>
public sealed record ConvLayerOptions
{
    /// <summary>Channels that it gives.</summary>
    public int Channels { get; init; } = 32;

    /// <summary>Side of its kernel.</summary>
    public int Kernel { get; init; } = 3;

    /// <summary>Its stride.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Zeros around its input.</summary>
    public int Padding { get; init; }

    /// <summary>Side and stride of the maximum that is taken afterwards; 1 takes none.</summary>
    public int Pool { get; init; } = 1;

    /// <summary>Probability that a channel of what it gives is dropped as a whole in training, in [0, 1).</summary>
    public double ChannelDropout { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Channels >= 1, nameof(Channels), Channels, "must be at least 1");
        OptionsException.Require(Kernel >= 1, nameof(Kernel), Kernel, "must be at least 1");
        OptionsException.Require(Stride >= 1, nameof(Stride), Stride, "must be at least 1");
        OptionsException.Require(Padding >= 0, nameof(Padding), Padding, "must not be negative");
        OptionsException.Require(Pool >= 1, nameof(Pool), Pool, "must be at least 1");
        OptionsException.Require(ChannelDropout is >= 0 and < 1, nameof(ChannelDropout), ChannelDropout, "must lie in [0, 1)");
    }
}
