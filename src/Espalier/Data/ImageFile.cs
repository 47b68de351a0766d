using SkiaSharp;

namespace Espalier.Data;

/// <summary>One image file, PNG or JPEG, as a tensor.</summary>
public static class ImageFile
{
    /// <summary>Reads an image and brings it to a size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">3 for red, green and blue, 1 for luma (ITU-R 601).</param>
    /// <param name="height">Wanted height in pixels.</param>
    /// <param name="width">Wanted width in pixels.</param>
    /// <param name="cropRatio">
    /// The share of the scaled image that is kept: the image is scaled with its proportions until the middle covers
    /// <paramref name="height"/> x <paramref name="width"/> at that share, and the middle is cut out; null stretches the whole
    /// image to the size.
    /// </param>
    /// <returns>[channels, height, width], float32 in [0, 1]; the caller's dispose scope's.</returns>
    /// <exception cref="DataException">The file is missing, no image or damaged.</exception>
    public static Tensor Read(string path, int channels, int height, int width, double? cropRatio = null)
    {
        OptionsException.Require(channels is 1 or 3, nameof(channels), channels, "must be 1 or 3");
        OptionsException.Require(height >= 1 && width >= 1, nameof(height), height, "must be at least 1, as the width");
        OptionsException.Require(cropRatio is null or (> 0 and <= 1), nameof(cropRatio), cropRatio, "must be above 0 and at most 1");
        if (!File.Exists(path))
            throw new DataException(path, "does not exist", "check the path");
        using SKBitmap decoded = Decode(File.ReadAllBytes(path), path);
        using SKBitmap fitted = Fitted(decoded, path, height, width, cropRatio);
        using var scope = torch.NewDisposeScope();
        Tensor rgb = torch.tensor(fitted.GetPixelSpan().ToArray(), dtype: torch.uint8).view(height, width, 4).narrow(2, 0, 3).permute(2, 0, 1).to(torch.float32);
        if (channels == 1)
            rgb = (rgb * torch.tensor([0.299f, 0.587f, 0.114f]).view(3, 1, 1)).sum([0], keepdim: true);
        return (rgb / 255).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Decodes a file to four bytes a pixel: red, green, blue, opacity.</summary>
    internal static SKBitmap Decode(byte[] file, string source)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data)
            ?? throw new DataException(source, "is not an image", "give PNG or JPEG files");
        var format = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var bitmap = new SKBitmap(format);
        SKCodecResult result = codec.GetPixels(format, bitmap.GetPixels());
        if (result == SKCodecResult.Success)
            return bitmap;
        bitmap.Dispose();
        throw new DataException(source, $"cannot be decoded ({result})", "the file is damaged: replace or remove it");
    }

    /// <summary>Scales an image; what lies between its pixels is interpolated, what is lost is averaged.</summary>
    internal static SKBitmap Resize(SKBitmap bitmap, string source, int height, int width) =>
        bitmap.Resize(bitmap.Info.WithSize(width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear))
            ?? throw new DataException(source, "cannot be resized", "give another size");

    private static SKBitmap Fitted(SKBitmap bitmap, string source, int height, int width, double? cropRatio)
    {
        if (cropRatio is not { } share)
            return Resize(bitmap, source, height, width);
        double factor = Math.Max(height / (share * bitmap.Height), width / (share * bitmap.Width));
        int scaledHeight = Math.Max(height, (int)Math.Round(bitmap.Height * factor));
        int scaledWidth = Math.Max(width, (int)Math.Round(bitmap.Width * factor));
        using SKBitmap scaled = Resize(bitmap, source, scaledHeight, scaledWidth);
        var middle = new SKBitmap(bitmap.Info.WithSize(width, height));
        if (scaled.ExtractSubset(middle, SKRectI.Create((scaledWidth - width) / 2, (scaledHeight - height) / 2, width, height)))
        {
            using (middle)
                return middle.Copy();
        }

        middle.Dispose();
        throw new DataException(source, "cannot be cropped", "give another size");
    }
}
