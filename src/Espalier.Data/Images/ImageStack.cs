using Espalier.Errors;
using SkiaSharp;

namespace Espalier.Data.Images;

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
        if ((_images.Count + 1L) * Channels * _height * _width > Array.MaxLength)
            throw new DataException(source, $"is the picture that {_images.Count + 1L:N0} of {_width}x{_height} pixels no longer fit into memory with", "set the option size to make them smaller");
        _images.Add(ImageFile.Planes(bitmap.GetPixelSpan(), Channels));
        _labels.Add(label);
    }

    public Dataset ToDataset(string name, IReadOnlyList<string> classNames)
    {
        byte[] all = new byte[(long)_images.Count * Channels * _height * _width];
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
}
