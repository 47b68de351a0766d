using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Espalier.Errors;
using SkiaSharp;

namespace Espalier.Runs.Reports;

/// <summary>Small pictures made of pixels, embedded in a page.</summary>
public static class PixelImage
{
    /// <summary>An image with values between two bounds, grey for one channel and coloured for three.</summary>
    /// <param name="values">Row-major, [channels, height, width].</param>
    /// <param name="shape">[channels, height, width] with 1 or 3 channels.</param>
    /// <param name="lower">What is black.</param>
    /// <param name="upper">What is white.</param>
    /// <param name="caption">Shown below.</param>
    /// <exception cref="ShapeException">The shape is no image's.</exception>
    public static string ToHtml(IReadOnlyList<float> values, IReadOnlyList<long> shape, double lower, double upper, string caption)
    {
        (int channels, int height, int width) = Image(shape);
        byte Level(int i) => (byte)Math.Round(Math.Clamp((values[i] - lower) / (upper - lower), 0, 1) * 255);
        int plane = height * width;
        return Figure(width, height, i => channels == 1
            ? (Level(i), Level(i), Level(i))
            : (Level(i), Level(i + plane), Level(i + (2 * plane))), caption);
    }

    /// <summary>The change from one image to another: red where values rose, blue where they fell, white where they stayed.</summary>
    /// <param name="before">Row-major, [channels, height, width].</param>
    /// <param name="after">As <paramref name="before"/>.</param>
    /// <param name="shape">[channels, height, width]; channels are averaged.</param>
    /// <param name="limit">The change that is drawn in full colour.</param>
    /// <param name="caption">Shown below.</param>
    /// <exception cref="ShapeException">The shape is no image's.</exception>
    public static string ChangeToHtml(IReadOnlyList<float> before, IReadOnlyList<float> after, IReadOnlyList<long> shape, double limit, string caption)
    {
        (int channels, int height, int width) = Image(shape);
        int plane = height * width;
        return Figure(width, height, i =>
        {
            double change = Enumerable.Range(0, channels).Average(c => after[i + (c * plane)] - before[i + (c * plane)]);
            byte rest = (byte)(255 - Math.Round(Math.Clamp(Math.Abs(change) / Math.Max(1e-9, limit), 0, 1) * 255));
            return change >= 0 ? ((byte)255, rest, rest) : (rest, rest, (byte)255);
        }, caption);
    }

    private static string Figure(int width, int height, Func<int, (byte R, byte G, byte B)> colour, string caption)
    {
        byte[] pixels = new byte[width * height * 4];
        for (int i = 0; i < width * height; i++)
        {
            (pixels[i * 4], pixels[(i * 4) + 1], pixels[(i * 4) + 2]) = colour(i);
            pixels[(i * 4) + 3] = 255;
        }

        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        GCHandle handle = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            using SKImage image = SKImage.FromPixelCopy(info, handle.AddrOfPinnedObject());
            using SKData png = image.Encode(SKEncodedImageFormat.Png, 100);
            string text = WebUtility.HtmlEncode(caption);
            return string.Create(CultureInfo.InvariantCulture,
                $"<figure class=\"pixels\"><img alt=\"{text}\" src=\"data:image/png;base64,{Convert.ToBase64String(png.Span)}\"><figcaption>{text}</figcaption></figure>");
        }
        finally
        {
            handle.Free();
        }
    }

    private static (int Channels, int Height, int Width) Image(IReadOnlyList<long> shape) => shape is [1 or 3, var height, var width]
        ? ((int)shape[0], (int)height, (int)width)
        : throw new ShapeException("an image", shape, "[channels, height, width] with 1 or 3 channels");

    /// <summary>Whether inputs of a shape can be shown as images.</summary>
    /// <param name="shape">Shape of one input.</param>
    public static bool IsImage(IReadOnlyList<long> shape) => shape is [1 or 3, _, _];
}
