namespace Espalier.Data.Augmentation;

/// <summary>The operations of AutoAugment and RandAugment.</summary>
internal enum AutoAugmentOperation
{
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
    Invert,
}
