using Espalier.Errors;

namespace Espalier.Anomaly.OneClass;

/// <summary>
/// Global contrast normalization by the mean absolute value, then scaling by the range of the training images (Ruff et al. 2018,
/// section 4.3): each image has mean 0 and mean absolute value 1, whatever its brightness, before the range is brought to [0, 1].
/// </summary>
/// <param name="Lowest">The least value of a normalized training image.</param>
/// <param name="Highest">The greatest.</param>
internal sealed record ContrastNormalization(double Lowest, double Highest)
{
    // Of an image of one colour nothing is left to normalize.
    private const double LeastContrast = 1e-8;

    /// <summary>Takes the range of the training images.</summary>
    /// <param name="images">[n, channels, height, width].</param>
    /// <exception cref="DataException">No image has any contrast.</exception>
    public static ContrastNormalization Fit(Tensor images)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor normalized = Normalized(images);
        (double low, double high) = (normalized.min().ToDouble(), normalized.max().ToDouble());
        return high > low ? new(low, high) : throw new DataException("training images", "are all of one colour", "give images with something on them");
    }

    /// <summary>The images as the network takes them.</summary>
    /// <param name="images">[n, channels, height, width].</param>
    public Tensor Apply(Tensor images) => (Normalized(images) - Lowest) / (Highest - Lowest);

    private static Tensor Normalized(Tensor images)
    {
        Tensor x = images.to(torch.float32);
        x = x - x.mean([1L, 2L, 3L], keepdim: true);
        return x / x.abs().mean([1L, 2L, 3L], keepdim: true).clamp_min(LeastContrast);
    }
}
