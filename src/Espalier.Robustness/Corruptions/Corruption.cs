using System.Runtime.InteropServices;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>
/// A common corruption of images at one of five severities (Hendrycks and Dietterich, "Benchmarking Neural Network
/// Robustness to Common Corruptions and Perturbations", ICLR 2019). No norm bounds it. What it does to an image depends on
/// the image, its key, the seed and the draw alone, not on the batch it comes in. Get one from <see cref="CorruptionCatalog"/>.
/// </summary>
public abstract class Corruption
{
    /// <summary>The highest severity.</summary>
    public const int MaximumSeverity = 5;

    private const float Rounding = 1e-6f;

    private protected Corruption()
    {
    }

    /// <summary>Its name, such as <c>gaussian-noise</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether draws differ; otherwise an image is corrupted in one way only.</summary>
    public abstract bool IsRandom { get; }

    /// <summary>Corrupts images.</summary>
    /// <param name="images">[n, 1 or 3, height, width], float32 in [0, 1]; colours are red, green, blue.</param>
    /// <param name="severity">In 0..<see cref="MaximumSeverity"/>; 0 leaves the images as they are.</param>
    /// <param name="keys">n numbers that name the images, such as their positions in a data set.</param>
    /// <param name="options">Constants, seed and draw.</param>
    /// <returns>The images, as many and as large, in [0, 1] on the same device; the caller's dispose scope's.</returns>
    /// <exception cref="OptionsException">A severity or an option is out of range.</exception>
    /// <exception cref="ShapeException">The images have another shape or type, or there are more or fewer keys.</exception>
    /// <exception cref="DataException">A value lies outside [0, 1].</exception>
    public Tensor Apply(Tensor images, int severity, IReadOnlyList<long> keys, CorruptionOptions? options = null)
    {
        options ??= new();
        options.Validate();
        OptionsException.Require(severity is >= 0 and <= MaximumSeverity, nameof(severity), severity, $"must be in 0..{MaximumSeverity}");
        if (images.shape is not [var count, 1 or 3, >= 1, >= 1] || images.dtype != torch.float32)
            throw new ShapeException("images", images.shape, "[n, 1 or 3, height, width], float32");
        if (keys.Count != count)
            throw new ShapeException("keys", [keys.Count], $"[{count}], one for each image");

        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor result = images.detach().cpu().contiguous().clone();
        Span<float> pixels = MemoryMarshal.Cast<byte, float>(result.bytes);
        Check(pixels);
        if (severity > 0)
            CorruptEach(pixels, new((int)images.shape[1], (int)images.shape[2], (int)images.shape[3]), severity, keys, options);
        return result.to(images.device).MoveToOuterDisposeScope();
    }

    /// <summary>Corrupts one image in place; what leaves [0, 1] is clipped afterwards.</summary>
    /// <param name="image">Row-major, of the size given.</param>
    /// <param name="size">Channels, height and width.</param>
    /// <param name="severity">In 1..5.</param>
    /// <param name="constants">ImageNet's or CIFAR's.</param>
    /// <param name="random">The stream of this image and draw.</param>
    private protected abstract void Corrupt(Span<float> image, ImageSize size, int severity, CorruptionConstants constants, ref SplitMix64 random);

    private void CorruptEach(Span<float> pixels, ImageSize size, int severity, IReadOnlyList<long> keys, CorruptionOptions options)
    {
        CorruptionConstants constants = options.Constants != CorruptionConstants.BySide ? options.Constants
            : size.Side < 64 ? CorruptionConstants.Cifar : CorruptionConstants.ImageNet;
        int length = size.Channels * size.Plane;
        for (int i = 0; i < keys.Count; i++)
        {
            Span<float> image = pixels.Slice(i * length, length);
            var random = new SplitMix64(options.Seed, keys[i], options.Draw);
            Corrupt(image, size, severity, constants, ref random);
            foreach (ref float value in image)
                value = Math.Clamp(value, 0, 1);
        }
    }

    private static void Check(ReadOnlySpan<float> pixels)
    {
        foreach (float value in pixels)
        {
            if (value is not (>= -Rounding and <= 1 + Rounding))
                throw new DataException("images", $"hold {value}, outside [0, 1]", "scale them to [0, 1], as from bytes by 1/255");
        }
    }
}
