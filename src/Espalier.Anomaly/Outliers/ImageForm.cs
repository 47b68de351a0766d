using Espalier.Errors;

namespace Espalier.Anomaly.Outliers;

/// <summary>Brings images of one form into another: channels and size.</summary>
internal static class ImageForm
{
    // ITU-R 601, as for images from files.
    private static readonly float[] Luma = [0.299f, 0.587f, 0.114f];

    /// <summary>Grey images in three equal channels, colour images as their luma.</summary>
    public static Tensor InChannels(Tensor images, long channels) => (images.shape[1], channels) switch
    {
        (var own, var wanted) when own == wanted => images,
        (1, 3) => images.expand(-1, 3, -1, -1),
        (3, 1) => (images * torch.tensor(Luma, device: images.device).view(1, 3, 1, 1)).sum([1L], keepdim: true),
        _ => throw new ShapeException("images", images.shape, $"[n, {channels}, height, width]: only 1 and 3 channels turn into each other"),
    };

    /// <summary>Images at another size: means where pixels are lost, bilinear where they are added.</summary>
    public static Tensor AtSize(Tensor images, long height, long width)
    {
        if (images.shape[2] == height && images.shape[3] == width)
            return images;
        return height <= images.shape[2] && width <= images.shape[3]
            ? torch.nn.functional.adaptive_avg_pool2d(images, [height, width])
            : torch.nn.functional.interpolate(images, [height, width], mode: torch.InterpolationMode.Bilinear, align_corners: false);
    }
}
