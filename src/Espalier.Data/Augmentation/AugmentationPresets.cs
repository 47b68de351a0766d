namespace Espalier.Data.Augmentation;

/// <summary>
/// The views of published recipes. Blur is left out where the output is 32 pixels or smaller, as the reference
/// implementations on CIFAR do: its kernel, a tenth of the size, would be too coarse.
/// </summary>
public static class AugmentationPresets
{
    private const int LargestWithoutBlur = 32;

    /// <summary>
    /// View 1 of BYOL (Grill et al., NeurIPS 2020, appendix B): crop .08-1, flip .5, jitter .4 .4 .2 .1 with probability .8,
    /// grey .2, blur always, no solarization.
    /// </summary>
    /// <param name="size">Height and width of the view in pixels.</param>
    public static AugmentationOptions ByolFirst(int size = 224) => Byol(size, 0.08, 1, blur: 1, solarize: 0);

    /// <summary>View 2 of BYOL: as view 1, but blur with probability .1 and solarization at .5 with probability .2.</summary>
    /// <param name="size">Height and width of the view in pixels.</param>
    public static AugmentationOptions ByolSecond(int size = 224) => Byol(size, 0.08, 1, blur: 0.1, solarize: 0.2);

    /// <summary>
    /// Both views of SimCLR (Chen et al., ICML 2020, appendix A): crop .08-1, flip .5, jitter .8s .8s .8s .2s with probability .8,
    /// grey .2, blur with probability .5.
    /// </summary>
    /// <param name="size">Height and width of the view in pixels.</param>
    /// <param name="strength">s: 1 on ImageNet, .5 on CIFAR. At least 0.</param>
    public static AugmentationOptions SimClr(int size = 224, double strength = 1) => new()
    {
        ResizedCrop = new() { Size = size },
        FlipProbability = 0.5,
        ColorJitter = new() { Brightness = 0.8 * strength, Contrast = 0.8 * strength, Saturation = 0.8 * strength, Hue = 0.2 * strength },
        GrayProbability = 0.2,
        Blur = BlurAt(size, 0.5),
    };

    /// <summary>First global crop of DINO (Caron et al., ICCV 2021, and its code): area .4-1, blur always.</summary>
    /// <param name="size">Height and width of the view in pixels.</param>
    public static AugmentationOptions DinoGlobalFirst(int size = 224) => Byol(size, 0.4, 1, blur: 1, solarize: 0);

    /// <summary>Second global crop of DINO: area .4-1, blur with probability .1, solarization with probability .2.</summary>
    /// <param name="size">Height and width of the view in pixels.</param>
    public static AugmentationOptions DinoGlobalSecond(int size = 224) => Byol(size, 0.4, 1, blur: 0.1, solarize: 0.2);

    /// <summary>A local crop of DINO: area .05-.4, blur with probability .5.</summary>
    /// <param name="size">Height and width of the view in pixels.</param>
    public static AugmentationOptions DinoLocal(int size = 96) => Byol(size, 0.05, 0.4, blur: 0.5, solarize: 0);

    /// <summary>
    /// Digits such as MNIST's for representation learning: rotation ±20°, scale .8-1.25, shear ±10°, shift ±1/8 of the image (1/4 in the units of
    /// PyTorch's <c>affine_grid</c>, in which an image is 2 wide), one 4x4 square erased.
    /// </summary>
    public static AugmentationOptions Digits { get; } = new()
    {
        Affine = new() { Rotation = 20, MinScale = 0.8, MaxScale = 1.25, Shear = 10, Shift = 0.125 },
        Erase = new() { Probability = 1, Size = 4 },
    };

    /// <summary>
    /// Small colour photographs such as CIFAR's for representation learning at reduced size: square crop .3-1, flip .5,
    /// brightness, contrast and saturation ±.4 with probability .8, grey .2.
    /// </summary>
    public static AugmentationOptions SmallPhotographs { get; } = new()
    {
        ResizedCrop = new() { MinArea = 0.3, MinAspect = 1, MaxAspect = 1 },
        FlipProbability = 0.5,
        ColorJitter = new() { Saturation = 0.4, Hue = 0 },
        GrayProbability = 0.2,
    };

    /// <summary>Supervised training on CIFAR (He et al., CVPR 2016): padding by 4 zeros, random crop, flip .5.</summary>
    public static AugmentationOptions PaddedCropAndFlip { get; } = new() { PaddedCrop = new(), FlipProbability = 0.5 };

    /// <summary>Supervised training on ImageNet as gMLP and DeiT are trained (Liu et al. 2021, Table 7): resized crop, flip .5, AutoAugment.</summary>
    /// <param name="size">Height and width of the view in pixels.</param>
    public static AugmentationOptions ImageNet(int size = 224) => new()
    {
        ResizedCrop = new() { Size = size },
        FlipProbability = 0.5,
        AutoAugment = new() { Policy = AutoAugmentPolicy.ImageNet },
        Fill = 0.5,
    };

    private static AugmentationOptions Byol(int size, double minArea, double maxArea, double blur, double solarize) => new()
    {
        ResizedCrop = new() { MinArea = minArea, MaxArea = maxArea, Size = size },
        FlipProbability = 0.5,
        ColorJitter = new(),
        GrayProbability = 0.2,
        Blur = BlurAt(size, blur),
        Solarize = solarize == 0 ? null : new() { Probability = solarize },
    };

    private static GaussianBlurOptions? BlurAt(int size, double probability) => size <= LargestWithoutBlur ? null : new() { Probability = probability };
}
