using SkiaSharp;

namespace Espalier.Data;

/// <summary>Decodes image files into one stack of planes: [n, channels, height, width], bytes.</summary>
internal sealed class ImageStack(ImageFolderOptions options)
{
    private readonly List<byte[]> _images = [];
    private readonly List<long> _labels = [];
    private int _height;
    private int _width;

    private int Channels => options.Grayscale ? 1 : 3;

    public int Count => _images.Count;

    public void Add(byte[] file, string source, int label)
    {
        using SKBitmap bitmap = Decode(file, source);
        if (_images.Count == 0)
            (_height, _width) = (bitmap.Height, bitmap.Width);
        if (bitmap.Height != _height || bitmap.Width != _width)
            throw new DataException(source, $"is {bitmap.Width}x{bitmap.Height} pixels, the images before it {_width}x{_height}", "set the option size to resize them all");
        _images.Add(Planes(bitmap.GetPixelSpan()));
        _labels.Add(label);
    }

    public Dataset ToDataset(string name, IReadOnlyList<string> classNames)
    {
        byte[] all = new byte[checked(_images.Count * Channels * _height * _width)];
        for (int i = 0; i < _images.Count; i++)
            _images[i].CopyTo(all, i * _images[i].Length);
        using Tensor pixels = torch.tensor(all, dtype: torch.uint8);
        return new Dataset(name, pixels.view(_images.Count, Channels, _height, _width), torch.tensor(_labels.ToArray()), classNames, scale: 1 / 255.0);
    }

    private SKBitmap Decode(byte[] file, string source)
    {
        SKBitmap bitmap = ImageFile.Decode(file, source);
        if (options.Size is not { } size || (bitmap.Width == size && bitmap.Height == size))
            return bitmap;
        using (bitmap)
            return ImageFile.Resize(bitmap, source, size, size);
    }

    private byte[] Planes(ReadOnlySpan<byte> pixels)
    {
        int area = _height * _width;
        byte[] planes = new byte[Channels * area];
        for (int i = 0; i < area; i++)
        {
            (byte r, byte g, byte b) = (pixels[4 * i], pixels[(4 * i) + 1], pixels[(4 * i) + 2]);
            if (options.Grayscale)
                planes[i] = (byte)(((r * 299) + (g * 587) + (b * 114) + 500) / 1000);
            else
                (planes[i], planes[area + i], planes[(2 * area) + i]) = (r, g, b);
        }

        return planes;
    }
}
