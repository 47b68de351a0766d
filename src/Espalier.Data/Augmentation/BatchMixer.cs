using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Data.Augmentation;

/// <summary>
/// Mixup and CutMix. The partner of an image is the one at the same place in the reversed micro-batch, and one share holds for
/// all of it: a function of the seed and of where the micro-batch stands in the stream. Unlike the views of
/// <see cref="ImageAugmenter"/> it therefore changes with the size of the micro-batches.
/// </summary>
public sealed class BatchMixer
{
    private readonly int _seed;

    /// <summary>Creates the mixer.</summary>
    /// <param name="options">How images are paired.</param>
    /// <param name="seed">The seed of all draws.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public BatchMixer(MixingOptions options, int seed)
    {
        options.Validate();
        (Options, _seed) = (options, seed);
    }

    /// <summary>How images are paired.</summary>
    public MixingOptions Options { get; }

    /// <summary>Mixes a micro-batch. The tensors belong to the caller's dispose scope.</summary>
    /// <param name="inputs">[n, channels, height, width].</param>
    /// <param name="labels">[n].</param>
    /// <param name="position">Stream position of the first sample.</param>
    /// <exception cref="ShapeException">The inputs are no images.</exception>
    public MixedBatch Mix(Tensor inputs, Tensor labels, long position)
    {
        if (inputs.dim() != 4)
            throw new ShapeException("images", inputs.shape, "[n, channels, height, width]: Mixup and CutMix are for images");
        var random = new SplitMix64(_seed, position, 0x6d6978);
        if (!random.NextBernoulli(Options.Probability))
            return new(inputs, labels, 1);
        bool cuts = Options.CutMixAlpha > 0 && (Options.MixupAlpha == 0 || random.NextBernoulli(Options.SwitchProbability));
        double share = Beta(ref random, cuts ? Options.CutMixAlpha : Options.MixupAlpha);
        Tensor partners = inputs.flip(0), partnerLabels = labels.flip(0);
        if (!cuts)
            return new(inputs.lerp(partners, 1 - share), partnerLabels, share);

        (int height, int width) = ((int)inputs.shape[2], (int)inputs.shape[3]);
        (int top, int bottom) = Side(random.NextBelow(height), height, share);
        (int left, int right) = Side(random.NextBelow(width), width, share);
        Tensor mixed = inputs.clone();
        if (bottom > top && right > left)
            mixed.narrow(2, top, bottom - top).narrow(3, left, right - left).copy_(partners.narrow(2, top, bottom - top).narrow(3, left, right - left));

        // The box is cut off at the border: the labels follow the area that really changed hands.
        return new(mixed, partnerLabels, 1 - (double)(bottom - top) * (right - left) / ((double)height * width));
    }

    // A side of sqrt(1 - share) of the whole around a centre, clipped.
    private static (int From, int To) Side(int centre, int size, double share)
    {
        int side = (int)(size * Math.Sqrt(1 - share));
        return (Math.Clamp(centre - side / 2, 0, size), Math.Clamp(centre + side / 2, 0, size));
    }

    /// <summary>Beta(a, a) as a ratio of two Gamma variables.</summary>
    internal static double Beta(ref SplitMix64 random, double alpha)
    {
        double x = Gamma(ref random, alpha), y = Gamma(ref random, alpha);
        return x + y > 0 ? x / (x + y) : 0.5;
    }

    // Marsaglia and Tsang 2000; below 1 by Gamma(a) = Gamma(a+1) U^(1/a).
    private static double Gamma(ref SplitMix64 random, double alpha)
    {
        if (alpha < 1)
            return Gamma(ref random, alpha + 1) * Math.Pow(1 - random.NextDouble(), 1 / alpha);
        double d = alpha - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = random.NextNormal();
            double v = Math.Pow(1 + c * x, 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < 0.5 * x * x + d - d * v + d * Math.Log(v))
                return d * v;
        }
    }
}
