using Espalier.Data.Catalog;
using Espalier.Errors;
using SkiaSharp;

namespace Espalier.Data.Images;

/// <summary>
/// One image file as a tensor, as a viewer shows it: turned as its EXIF orientation says, and transparent parts on white.
/// </summary>
public static class ImageFile
{
    /// <summary>The most pixels that a picture may have; its header is asked before anything is allocated.</summary>
    public const long MostPixels = 100_000_000;

    /// <summary>What the names of pictures end in: all that the decoder reads, and the one list for every loader.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".bmp", ".dib", ".gif", ".ico", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".wbmp", ".webp"];

    /// <summary>Whether a file's name is a picture's.</summary>
    /// <param name="path">The file.</param>
    public static bool IsPicture(string path) => Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

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
        using SKBitmap decoded = Decode(DatasetFile.ReadAll(path), path);
        using SKBitmap fitted = Fitted(decoded, path, height, width, cropRatio);
        using var scope = torch.NewDisposeScope();
        Tensor planes = torch.tensor(Planes(fitted.GetPixelSpan(), channels), dtype: torch.uint8).view(channels, height, width);
        return (planes.to(torch.float32) / 255).MoveToOuterDisposeScope();
    }

    /// <summary>The levels of a picture, the same for every loader: a plane of bytes for each colour, or one of rounded luma.</summary>
    /// <param name="pixels">Four bytes a pixel.</param>
    /// <param name="channels">3 or 1.</param>
    internal static byte[] Planes(ReadOnlySpan<byte> pixels, int channels)
    {
        int area = pixels.Length / 4;
        byte[] planes = new byte[channels * area];
        for (int i = 0; i < area; i++)
        {
            (byte r, byte g, byte b) = (pixels[4 * i], pixels[(4 * i) + 1], pixels[(4 * i) + 2]);
            if (channels == 1)
                planes[i] = (byte)(((r * 299) + (g * 587) + (b * 114) + 500) / 1000);
            else
                (planes[i], planes[area + i], planes[(2 * area) + i]) = (r, g, b);
        }

        return planes;
    }

    /// <summary>Decodes a file to four bytes a pixel: red, green, blue and full opacity.</summary>
    /// <exception cref="DataException">It is no image, is damaged, or claims more than <see cref="MostPixels"/>.</exception>
    internal static SKBitmap Decode(byte[] file, string source)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data)
            ?? throw new DataException(source, "is not an image", $"give pictures of these kinds: {string.Join(", ", Extensions)}");
        (int width, int height) = (codec.Info.Width, codec.Info.Height);
        if (width < 1 || height < 1 || (long)width * height > MostPixels)
            throw new DataException(source, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"claims {width} x {height} pixels, more than {MostPixels:N0}"), "give a smaller picture, or leave the file out");
        var format = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var bitmap = new SKBitmap(format);
        SKCodecResult result = bitmap.GetPixels() == IntPtr.Zero ? SKCodecResult.InternalError : codec.GetPixels(format, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
        {
            bitmap.Dispose();
            throw new DataException(source, $"cannot be decoded ({result})", "the file is damaged: replace or remove it");
        }

        OnWhite(bitmap);
        if (codec.EncodedOrigin is SKEncodedOrigin.TopLeft or SKEncodedOrigin.Default)
            return bitmap;
        using (bitmap)
            return Turned(bitmap, codec.EncodedOrigin);
    }

    private static unsafe void OnWhite(SKBitmap bitmap)
    {
        var pixels = new Span<byte>((void*)bitmap.GetPixels(), checked(bitmap.RowBytes * bitmap.Height));
        for (int at = 0; at < pixels.Length; at += 4)
        {
            int alpha = pixels[at + 3];
            if (alpha == 255)
                continue;
            for (int c = at; c < at + 3; c++)
                pixels[c] = (byte)(((pixels[c] * alpha) + (255 * (255 - alpha)) + 127) / 255);
            pixels[at + 3] = 255;
        }
    }

    // Where each pixel of a viewer's picture stands in the stored one (EXIF 2.32, tag 0x0112).
    private static SKBitmap Turned(SKBitmap stored, SKEncodedOrigin origin)
    {
        (int width, int height) = (stored.Width, stored.Height);
        bool isSideways = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var turned = new SKBitmap(isSideways ? stored.Info.WithSize(height, width) : stored.Info);
        Copy(origin, stored.GetPixelSpan(), turned, width, height);
        return turned;
    }

    private static unsafe void Copy(SKEncodedOrigin origin, ReadOnlySpan<byte> stored, SKBitmap turned, int width, int height)
    {
        ReadOnlySpan<uint> from = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(stored);
        var to = new Span<uint>((void*)turned.GetPixels(), turned.Width * turned.Height);
        for (int y = 0, at = 0; y < turned.Height; y++)
        {
            for (int x = 0; x < turned.Width; x++, at++)
            {
                (int column, int row) = origin switch
                {
                    SKEncodedOrigin.TopRight => (width - 1 - x, y),
                    SKEncodedOrigin.BottomRight => (width - 1 - x, height - 1 - y),
                    SKEncodedOrigin.BottomLeft => (x, height - 1 - y),
                    SKEncodedOrigin.LeftTop => (y, x),
                    SKEncodedOrigin.RightTop => (y, height - 1 - x),
                    SKEncodedOrigin.RightBottom => (width - 1 - y, height - 1 - x),
                    _ => (width - 1 - y, x),                                // LeftBottom
                };
                to[at] = from[(row * width) + column];
            }
        }
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
