namespace Espalier.Data.Augmentation;

/// <summary>Which operations are drawn.</summary>
public enum AutoAugmentPolicy
{
    /// <summary>Uniformly random operations of one strength (Cubuk et al. 2020, RandAugment).</summary>
    RandAugment,

    /// <summary>One of 25 pairs that were searched for on ImageNet (Cubuk et al. 2019, AutoAugment, Table 9).</summary>
    ImageNet,
}
