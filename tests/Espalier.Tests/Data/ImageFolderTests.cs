using Espalier.Data;
using SkiaSharp;

namespace Espalier.Tests.Data;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static byte[] Image(int width, int height, Func<int, int, SKColor> colour, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                bitmap.SetPixel(x, y, colour(x, y));
        }

        using SKData data = bitmap.Encode(format, 100);
        return data.ToArray();
    }

    private static float[] Pixels(Dataset data, int sample)
    {
        using Batch batch = data.Gather([sample]);
        return [.. batch.Inputs.data<float>().ToArray().Select(v => MathF.Round(v * 255))];
    }

    [Fact]
    public void Planes_are_red_green_blue_and_rows_run_down()
    {
        _folder.Write("cat/b.png", Image(2, 2, (x, y) => new SKColor((byte)(10 * x), (byte)(100 * y), 7)));
        _folder.Write("cat/a.PNG", Image(2, 2, (_, _) => SKColors.White));
        _folder.Write("ant/z.jpg", Image(2, 2, (_, _) => new SKColor(128, 128, 128), SKEncodedImageFormat.Jpeg));
        _folder.Write("ant/notes.txt", "not an image");
        using Dataset data = ImageFolder.Read(_folder.Path);
        Assert.Equal(["ant", "cat"], data.ClassNames);
        Assert.Equal([0L, 1, 1], data.LabelArray());
        Assert.Equal([3L, 2, 2], data.InputShape);
        Assert.All(Pixels(data, 0), p => Assert.InRange(p, 126, 130));
        Assert.Equal([0f, 10, 0, 10, 0, 0, 100, 100, 7, 7, 7, 7], Pixels(data, 2));
    }

    [Fact]
    public void Grayscale_is_luma_and_size_resizes()
    {
        _folder.Write("a/1.png", Image(8, 8, (_, _) => SKColors.Red));
        _folder.Write("b/1.png", Image(4, 2, (_, _) => new SKColor(0, 255, 0)));
        using Dataset data = ImageFolder.Read(_folder.Path, new() { Size = 4, Grayscale = true });
        Assert.Equal([1L, 4, 4], data.InputShape);
        Assert.All(Pixels(data, 0), p => Assert.Equal(76, p)); // 0.299 * 255
        Assert.All(Pixels(data, 1), p => Assert.Equal(150, p)); // 0.587 * 255
    }

    [Fact]
    public void Bad_folders_are_named_with_the_reason()
    {
        string Problem(ImageFolderOptions? options = null) => Assert.Throws<DataException>(() => ImageFolder.Read(_folder.Path, options)).Message;
        Assert.Contains("0 class folders", Problem(), StringComparison.Ordinal);
        Assert.Contains("no such folder", Assert.Throws<DataException>(() => ImageFolder.Read(_folder.File("absent"))).Message, StringComparison.Ordinal);
        _folder.Write("a/1.png", Image(3, 3, (_, _) => SKColors.Red));
        Directory.CreateDirectory(_folder.File("b"));
        Assert.Contains("holds no PNG or JPEG", Problem(), StringComparison.Ordinal);
        _folder.Write("b/1.png", Image(4, 3, (_, _) => SKColors.Red));
        Assert.Contains("1.png: is 4x3 pixels", Problem(), StringComparison.Ordinal);
        string bad = _folder.Write("b/1.png", "not a picture");
        Assert.Contains($"{bad}: is not an image", Problem(), StringComparison.Ordinal);
        _folder.Write("b/1.png", Image(64, 64, (x, y) => new SKColor((byte)(x * y), (byte)x, (byte)y))[..200]);
        Assert.Contains("cannot be decoded", Problem(), StringComparison.Ordinal);
        Assert.Throws<OptionsException>(() => ImageFolder.Read(_folder.Path, new() { Size = 0 }));
    }
}
