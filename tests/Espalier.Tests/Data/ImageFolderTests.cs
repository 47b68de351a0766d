using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Images;
using Espalier.Errors;
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
        using LabelledBatch batch = data.Gather([sample]);
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
        Assert.Contains("holds no picture", Problem(), StringComparison.Ordinal);
        _folder.Write("b/1.png", Image(4, 3, (_, _) => SKColors.Red));
        Assert.Contains("1.png: is 4x3 pixels", Problem(), StringComparison.Ordinal);
        string bad = _folder.Write("b/1.png", "not a picture");
        Assert.Contains($"{bad}: is not an image", Problem(), StringComparison.Ordinal);
        _folder.Write("b/1.png", Image(64, 64, (x, y) => new SKColor((byte)(x * y), (byte)x, (byte)y))[..200]);
        Assert.Contains("cannot be decoded", Problem(), StringComparison.Ordinal);
        Assert.Throws<OptionsException>(() => ImageFolder.Read(_folder.Path, new() { Size = 0 }));
    }

    // A JPEG with an EXIF segment that says how it is turned: APP1, "Exif", one tag 0x0112 of type short.
    private static byte[] Oriented(byte[] jpeg, byte orientation)
    {
        byte[] tiff = [(byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        byte[] body = [.. "Exif\0\0"u8, .. tiff];
        return [0xff, 0xd8, 0xff, 0xe1, 0, (byte)(body.Length + 2), .. body, .. jpeg[2..]];
    }

    [Theory]
    [InlineData(1, new[] { 0, 1, 2, 3 })]
    [InlineData(2, new[] { 1, 0, 3, 2 })]
    [InlineData(3, new[] { 3, 2, 1, 0 })]
    [InlineData(4, new[] { 2, 3, 0, 1 })]
    [InlineData(5, new[] { 0, 2, 1, 3 })]
    [InlineData(6, new[] { 2, 0, 3, 1 })]
    [InlineData(7, new[] { 3, 1, 2, 0 })]
    [InlineData(8, new[] { 1, 3, 0, 2 })]
    public void Pictures_are_turned_as_exif_says(byte orientation, int[] corners)
    {
        // Stored: 32 wide, 16 high, with four levels at the corners: top left, top right, bottom left, bottom right.
        byte[] levels = [0, 80, 160, 240];
        byte[] stored = Image(32, 16, (x, y) => new SKColor(levels[(x / 16) + (2 * (y / 8))], levels[(x / 16) + (2 * (y / 8))], levels[(x / 16) + (2 * (y / 8))]), SKEncodedImageFormat.Jpeg);
        string path = _folder.Write("a.jpg", Oriented(stored, orientation));
        bool isSideways = orientation >= 5;
        (int height, int width) = isSideways ? (32, 16) : (16, 32);
        using var scope = torch.NewDisposeScope();
        using Tensor picture = ImageFile.Read(path, 1, height, width);
        int[] seen = [.. new[] { (2, 2), (2, width - 3), (height - 3, 2), (height - 3, width - 3) }.Select(p => (int)Math.Round(picture[0, p.Item1, p.Item2].item<float>() * 255 / 80))];
        Assert.Equal(corners, seen);
    }

    [Fact]
    public void Transparent_parts_are_white()
    {
        byte[] alphas = [0, 64, 128, 255];
        string path = _folder.Write("a.png", Image(4, 1, (x, _) => new SKColor(10, 100, 200, alphas[x])));
        using var scope = torch.NewDisposeScope();
        float[] levels = [.. ImageFile.Read(path, 3, 1, 4).flatten().data<float>().ToArray().Select(v => v * 255)];
        for (int c = 0; c < 3; c++)
        {
            for (int x = 0; x < 4; x++)
                Assert.Equal((new[] { 10, 100, 200 }[c] * alphas[x] / 255.0) + 255 - alphas[x], levels[(4 * c) + x], 1.01);
        }

        // Fully transparent black is white, whatever it hides.
        Assert.Equal([255, 255, 255], [levels[0], levels[4], levels[8]]);
    }

    [Fact]
    public void Levels_are_the_same_for_every_loader()
    {
        string path = _folder.Write("a/1.png", Image(5, 3, (x, y) => new SKColor((byte)(40 * x), (byte)(80 * y), (byte)(13 * x * y), (byte)(255 - (30 * x)))));
        _folder.Write("b/1.png", Image(5, 3, (_, _) => SKColors.White));
        using Dataset folder = ImageFolder.Read(_folder.Path, new() { Grayscale = true });
        using var scope = torch.NewDisposeScope();
        Assert.Equal(Pixels(folder, 0), ImageFile.Read(path, 1, 3, 5).flatten().data<float>().ToArray().Select(v => MathF.Round(v * 255)));
        Assert.Equal(folder.Gather([0]).Inputs.data<float>().ToArray(), ImageFile.Read(path, 1, 3, 5).flatten().data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-7);
    }

    [Fact]
    public void A_header_that_claims_too_many_pixels_is_refused_before_anything_is_allocated()
    {
        // IHDR of 60,000 x 20,000 pixels with its checksum.
        byte[] ihdr = [.. "IHDR"u8, 0, 0, 0xea, 0x60, 0, 0, 0x4e, 0x20, 8, 2, 0, 0, 0];
        byte[] checksum = BitConverter.GetBytes(System.IO.Hashing.Crc32.HashToUInt32(ihdr)).Reverse().ToArray();
        byte[] idat = [.. "IDAT"u8];
        byte[] file = [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 13, .. ihdr, .. checksum, 0, 0, 0, 0, .. idat, .. BitConverter.GetBytes(System.IO.Hashing.Crc32.HashToUInt32(idat)).Reverse().ToArray()];
        string path = _folder.Write("a.png", file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains($"{path}: claims 60000 x 20000 pixels", Assert.Throws<DataException>(() => ImageFile.Read(path, 3, 8, 8)).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Every_format_of_the_decoder_is_read_at_any_depth_and_the_rest_is_counted()
    {
        byte[] picture = Image(2, 2, (_, _) => SKColors.Red);
        _folder.Write("a/1.png", picture);
        _folder.Write("a/2.JPE", Image(2, 2, (_, _) => SKColors.Red, SKEncodedImageFormat.Jpeg));
        _folder.Write("a/deep/er/3.webp", Image(2, 2, (_, _) => SKColors.Red, SKEncodedImageFormat.Webp));
        _folder.Write("a/4.tiff", "II*");
        _folder.Write("a/._1.png", "of another system");
        _folder.Write("b/1.png", picture);
        _folder.Write("b/Thumbs.db", "x");
        _folder.Write("b/2.png", picture);
        _folder.Write("b/3.png", picture);
        using LoadedData data = DataCatalog.Default.Load(new() { Name = "images", Path = _folder.Path, ValidationFraction = 0.33, TestFraction = 0.33 });
        Assert.Equal((6L, 3), (data.Samples, data.LeftOut));
        Assert.Equal(3, FolderFiles.Pictures(_folder.File("a"), out int leftOut).Count);
        Assert.Equal(2, leftOut);
    }

    [Theory]
    [InlineData("val")]
    [InlineData("validation")]
    public void A_validation_folder_is_the_validation_split(string name)
    {
        foreach ((string split, int count) in new[] { ("train", 6), (name, 2) })
        {
            for (int i = 0; i < count; i++)
            {
                _folder.Write($"{split}/a/{i}.png", Image(2, 2, (_, _) => SKColors.Red));
                _folder.Write($"{split}/b/{i}.png", Image(2, 2, (_, _) => SKColors.Blue));
            }
        }

        using (LoadedData data = DataCatalog.Default.Load(new() { Name = "images", Path = _folder.Path, TestFraction = 0.5 }))
            Assert.Equal((6, 4, 6), (data.Splits.Train.Count, data.Splits.Validation.Count, data.Splits.Test.Count));
        _folder.Write("test/a/1.png", Image(2, 2, (_, _) => SKColors.Red));
        _folder.Write("test/b/1.png", Image(2, 2, (_, _) => SKColors.Blue));
        using (LoadedData data = DataCatalog.Default.Load(new() { Name = "images", Path = _folder.Path }))
            Assert.Equal((12, 4, 2), (data.Splits.Train.Count, data.Splits.Validation.Count, data.Splits.Test.Count));
    }
}
