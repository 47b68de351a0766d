namespace Espalier.Robustness.Corruptions;

/// <summary>Which published constants stand behind the severities of a corruption.</summary>
public enum CorruptionConstants
{
    /// <summary>CIFAR-C's for images with a side under 64 pixels, else ImageNet-C's.</summary>
    BySide,

    /// <summary>ImageNet-C's, made for 224 x 224 pixels.</summary>
    ImageNet,

    /// <summary>CIFAR-C's, made for 32 x 32 pixels.</summary>
    Cifar,
}
