using Espalier.Errors;

namespace Espalier.Data.Augmentation;

/// <summary>Operations on geometry and colour drawn from a policy, with torchvision's strengths; for images in [0, 1].</summary>
public sealed record AutoAugmentOptions
{
    /// <summary>Which operations are drawn.</summary>
    public AutoAugmentPolicy Policy { get; init; }

    /// <summary>For RandAugment: how many operations, one after the other, at least 1.</summary>
    public int Operations { get; init; } = 2;

    /// <summary>For RandAugment: the strength, in 0..30.</summary>
    public int Magnitude { get; init; } = 9;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Policy), nameof(Policy), Policy, "must be randAugment or imageNet");
        OptionsException.Require(Operations >= 1, nameof(Operations), Operations, "must be at least 1");
        OptionsException.Require(Magnitude is >= 0 and <= 30, nameof(Magnitude), Magnitude, "must be in 0..30");
    }
}
