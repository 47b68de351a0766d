using Espalier.Randomness;
using static Espalier.Data.Augmentation.AutoAugmentOperation;

namespace Espalier.Data.Augmentation;

/// <summary>
/// AutoAugment (Cubuk et al. 2019) and RandAugment (Cubuk et al. 2020) on one image in place, with torchvision's operations
/// and strengths. Holds scratch memory: one per thread.
/// </summary>
internal sealed class AutoAugment
{
    private const int ImageNetBins = 10;
    private const int RandomBins = 31;

    // Table 9 of the paper: operation, probability, strength of ten.
    private static readonly (AutoAugmentOperation Operation, double Probability, int Magnitude)[][] ImageNet =
    [
        [(Posterize, 0.4, 8), (Rotate, 0.6, 9)],
        [(Solarize, 0.6, 5), (AutoContrast, 0.6, 0)],
        [(Equalize, 0.8, 0), (Equalize, 0.6, 0)],
        [(Posterize, 0.6, 7), (Posterize, 0.6, 6)],
        [(Equalize, 0.4, 0), (Solarize, 0.2, 4)],
        [(Equalize, 0.4, 0), (Rotate, 0.8, 8)],
        [(Solarize, 0.6, 3), (Equalize, 0.6, 0)],
        [(Posterize, 0.8, 5), (Equalize, 1.0, 0)],
        [(Rotate, 0.2, 3), (Solarize, 0.6, 8)],
        [(Equalize, 0.6, 0), (Posterize, 0.4, 6)],
        [(Rotate, 0.8, 8), (Color, 0.4, 0)],
        [(Rotate, 0.4, 9), (Equalize, 0.6, 0)],
        [(Equalize, 0.0, 0), (Equalize, 0.8, 0)],
        [(Invert, 0.6, 0), (Equalize, 1.0, 0)],
        [(Color, 0.6, 4), (Contrast, 1.0, 8)],
        [(Rotate, 0.8, 8), (Color, 1.0, 2)],
        [(Color, 0.8, 8), (Solarize, 0.8, 7)],
        [(Sharpness, 0.4, 7), (Invert, 0.6, 0)],
        [(ShearX, 0.6, 5), (Equalize, 1.0, 0)],
        [(Color, 0.4, 0), (Equalize, 0.6, 0)],
        [(Equalize, 0.4, 0), (Solarize, 0.2, 4)],
        [(Solarize, 0.6, 5), (AutoContrast, 0.6, 0)],
        [(Invert, 0.6, 0), (Equalize, 1.0, 0)],
        [(Color, 0.6, 4), (Contrast, 1.0, 8)],
        [(Equalize, 0.8, 0), (Equalize, 0.6, 0)],
    ];

    private static readonly AutoAugmentOperation[] Random =
        [Identity, ShearX, ShearY, TranslateX, TranslateY, Rotate, Brightness, Color, Contrast, Sharpness, Posterize, Solarize, AutoContrast, Equalize];

    private readonly BilinearResampler _resampler = new();
    private float[] _copy = [];

    /// <summary>Draws operations and applies them.</summary>
    /// <param name="options">The policy.</param>
    /// <param name="random">The draws.</param>
    /// <param name="image">[channels, height, width] in [0, 1]; 1 or 3 channels.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="fill">What comes in at the border.</param>
    public void Apply(AutoAugmentOptions options, SplitMix64 random, Span<float> image, int channels, int height, int width, float fill)
    {
        if (options.Policy == AutoAugmentPolicy.ImageNet)
        {
            foreach ((AutoAugmentOperation operation, double probability, int magnitude) in ImageNet[random.NextBelow(ImageNet.Length)])
            {
                bool applies = random.NextBernoulli(probability), negative = random.NextBernoulli(0.5);
                if (applies)
                    Apply(operation, magnitude, ImageNetBins, negative, image, channels, height, width, fill);
            }

            return;
        }

        for (int i = 0; i < options.Operations; i++)
            Apply(Random[random.NextBelow(Random.Length)], options.Magnitude, RandomBins, random.NextBernoulli(0.5), image, channels, height, width, fill);
    }

    /// <summary>Applies one operation.</summary>
    internal void Apply(AutoAugmentOperation operation, int magnitude, int bins, bool negative, Span<float> image, int channels, int height, int width, float fill)
    {
        double strength = magnitude / (bins - 1.0), signed = negative ? -strength : strength;
        float factor = (float)(1 + 0.9 * signed);
        switch (operation)
        {
            case ShearX:
                Resample(image, height, width, new PixelMap(1, 0.3 * signed, -0.3 * signed * (height - 1) / 2, 0, 1, 0), fill);
                break;
            case ShearY:
                Resample(image, height, width, new PixelMap(1, 0, 0, 0.3 * signed, 1, -0.3 * signed * (width - 1) / 2), fill);
                break;
            case TranslateX:
                Resample(image, height, width, PixelMap.Identity with { X0 = -150.0 / 331 * width * signed }, fill);
                break;
            case TranslateY:
                Resample(image, height, width, PixelMap.Identity with { Y0 = -150.0 / 331 * height * signed }, fill);
                break;
            case Rotate:
                Resample(image, height, width, PixelMap.Identity.After(double.DegreesToRadians(-30 * signed), 1, 0, 0, 0, width, height), fill);
                break;
            case Brightness:
                ColorOperations.Brightness(image, factor);
                break;
            case Color when channels == 3:
                ColorOperations.Saturation(image, factor);
                break;
            case Contrast:
                ColorOperations.Contrast(image, channels, factor);
                break;
            case Sharpness:
                Sharpen(image, channels, height, width, factor);
                break;
            case Posterize:
                HistogramOperations.Posterize(image, 8 - (int)Math.Round(magnitude / ((bins - 1) / 4.0), MidpointRounding.ToEven));
                break;
            case Solarize:
                ColorOperations.Solarize(image, (float)(1 - strength));
                break;
            case AutoContrast:
                HistogramOperations.AutoContrast(image, channels);
                break;
            case Equalize:
                HistogramOperations.Equalize(image, channels);
                break;
            case Invert:
                for (int i = 0; i < image.Length; i++)
                    image[i] = 1 - image[i];
                break;
        }
    }

    private void Resample(Span<float> image, int height, int width, PixelMap map, float fill)
    {
        ReadOnlySpan<float> source = Copy(image);
        _resampler.Resample(source, height, width, image, height, width, map, EdgePadding.Fill, fill);
    }

    // Blends with the image smoothed by [1 1 1; 1 5 1; 1 1 1]/13; the border stays, as in PIL.
    private void Sharpen(Span<float> image, int channels, int height, int width, float factor)
    {
        ReadOnlySpan<float> source = Copy(image);
        for (int c = 0; c < channels; c++)
        {
            for (int y = 1; y < height - 1; y++)
            {
                for (int x = 1; x < width - 1; x++)
                {
                    int at = (c * height + y) * width + x;
                    float sum = 4 * source[at];
                    for (int dy = -width; dy <= width; dy += width)
                        sum += source[at + dy - 1] + source[at + dy] + source[at + dy + 1];
                    image[at] = Math.Clamp(factor * source[at] + (1 - factor) * (sum / 13), 0, 1);
                }
            }
        }
    }

    private ReadOnlySpan<float> Copy(ReadOnlySpan<float> image)
    {
        if (_copy.Length < image.Length)
            _copy = new float[image.Length];
        image.CopyTo(_copy);
        return _copy.AsSpan(0, image.Length);
    }
}
