using Espalier.Errors;
using Espalier.Randomness;
using SkiaSharp;

namespace Espalier.Robustness.Corruptions;

/// <summary>Written as JPEG of a quality, colours at half the resolution, and read again.</summary>
internal sealed class JpegCompression() : GradedCorruption<int>("jpeg-compression", isRandom: false,
    imageNet: [25, 18, 15, 10, 7],
    cifar: [80, 65, 58, 50, 40])
{
    protected override void Corrupt(Span<float> image, ImageSize size, int quality, ref SplitMix64 random)
    {
        var format = new SKImageInfo(size.Width, size.Height, size.IsGrey ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var bitmap = new SKBitmap(format);
        int stride = size.IsGrey ? 1 : 4;
        Span<byte> bytes = Bytes(bitmap);
        for (int i = 0; i < size.Plane; i++)
        {
            Span<byte> pixel = bytes.Slice(RowStart(bitmap, size, i, stride), stride);
            pixel[^1] = byte.MaxValue;
            for (int c = 0; c < size.Channels; c++)
                pixel[c] = (byte)Math.Round(Math.Clamp(image[(c * size.Plane) + i], 0, 1) * 255);
        }

        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData? file = pixels.Encode(new SKJpegEncoderOptions(quality, SKJpegEncoderDownsample.Downsample420, SKJpegEncoderAlphaOption.Ignore));
        using SKCodec? codec = file is null ? null : SKCodec.Create(file);
        using var decoded = new SKBitmap(format);
        if (codec?.GetPixels(format, decoded.GetPixels()) is not SKCodecResult.Success)
            throw new DataException("images", "cannot be written as JPEG and read again", $"leave out {Name}");
        bytes = Bytes(decoded);
        for (int i = 0; i < image.Length; i++)
            image[i] = bytes[RowStart(decoded, size, i % size.Plane, stride) + (i / size.Plane)] / 255f;
    }

    private static int RowStart(SKBitmap bitmap, ImageSize size, int pixel, int stride) =>
        (pixel / size.Width * bitmap.RowBytes) + (pixel % size.Width * stride);

    private static unsafe Span<byte> Bytes(SKBitmap bitmap) => new((void*)bitmap.GetPixels(), bitmap.RowBytes * bitmap.Height);
}
