using Espalier.Errors;

namespace Espalier.Robustness.Corruptions;

/// <summary>How a <see cref="Corruption"/> draws, and with which constants.</summary>
public sealed record CorruptionOptions
{
    /// <summary>What stands behind a severity.</summary>
    public CorruptionConstants Constants { get; init; }

    /// <summary>What is random is a function of this seed, the image's key and <see cref="Draw"/>.</summary>
    public long Seed { get; init; }

    /// <summary>Which of the possible corruptions of an image is drawn; any number.</summary>
    public long Draw { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate() =>
        OptionsException.Require(Enum.IsDefined(Constants), nameof(Constants), Constants, "must be BySide, ImageNet or Cifar");
}
