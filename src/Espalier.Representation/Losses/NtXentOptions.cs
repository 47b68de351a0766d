using Espalier.Errors;

namespace Espalier.Representation.Losses;

/// <summary>What <see cref="NtXentLoss"/> computes.</summary>
public sealed record NtXentOptions
{
    /// <summary>T: cosines are divided by it. Above 0. SimCLR: 0.1 on ImageNet, 0.5 or 0.2 on CIFAR.</summary>
    public double Temperature { get; init; } = 0.1;

    /// <summary>
    /// Up to this many embeddings (both views together) all similarities are held at once; above it they are computed in
    /// blocks of at most as many numbers as its square, and of four million, so that memory stays bounded. At least 2.
    /// </summary>
    public int MaxEmbeddingsAtOnce { get; init; } = 8192;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), Temperature, "must be above 0");
        OptionsException.Require(MaxEmbeddingsAtOnce >= 2, nameof(MaxEmbeddingsAtOnce), MaxEmbeddingsAtOnce, "must be at least 2");
    }
}
