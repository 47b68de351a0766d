using System.Runtime.InteropServices;
using Espalier.Files;
using SkiaSharp;

namespace Espalier.Runs.Reports;

/// <summary>
/// Small matrices in labelled rows as one PNG picture: red where a value is positive, blue where it is negative, white at zero,
/// each row scaled by its own largest value.
/// </summary>
/// <param name="Title">One line above.</param>
public sealed record MatrixSheet(string Title)
{
    private const int Margin = 12;
    private const int Gap = 6;
    private const int LabelWidth = 150;

    /// <summary>The rows: a label and matrices of one shape.</summary>
    public required IReadOnlyList<(string Label, IReadOnlyList<Matrix> Matrices)> Rows { get; init; }

    /// <summary>Side of a matrix in the picture, in pixels: the nearest multiple of its own side above 0.</summary>
    public int CellSize { get; init; } = 96;

    /// <summary>A matrix to be shown.</summary>
    /// <param name="Values">Row-major.</param>
    /// <param name="Height">Number of rows.</param>
    /// <param name="Width">Number of columns.</param>
    public sealed record Matrix(IReadOnlyList<float> Values, int Height, int Width);

    /// <summary>Writes the picture.</summary>
    /// <param name="path">Where; an existing file is replaced at once or not at all.</param>
    public void Save(string path)
    {
        byte[] png = ToPng();
        AtomicFile.Replace(path, stream => stream.Write(png));
    }

    /// <summary>The picture.</summary>
    public byte[] ToPng()
    {
        (int Height, int Width)[] cells = [.. Rows.Select(r => (Scaled(r.Matrices[0].Height, r.Matrices[0]), Scaled(r.Matrices[0].Width, r.Matrices[0])))];
        int width = Math.Max(480, 2 * Margin + LabelWidth + Rows.Select((r, i) => r.Matrices.Count * (cells[i].Width + Gap)).Max());
        int height = 2 * Margin + 28 + cells.Sum(c => c.Height + Gap);
        using var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        using var ink = new SKPaint { Color = new SKColor(0x22, 0x22, 0x22), IsAntialias = true };
        using var title = new SKFont(SKTypeface.Default, 15);
        using var label = new SKFont(SKTypeface.Default, 12);
        canvas.DrawText(Title, Margin, Margin + 14, title, ink);
        int y = Margin + 28;
        for (int row = 0; row < Rows.Count; row++)
        {
            (string text, IReadOnlyList<Matrix> matrices) = Rows[row];
            int line = y + cells[row].Height / 2 - (text.Count(c => c == '\n') * 8) + 4;
            foreach (string part in text.Split('\n'))
            {
                canvas.DrawText(part, Margin, line, label, ink);
                line += 16;
            }

            float largest = Math.Max(1e-20f, matrices.Max(m => m.Values.Max(Math.Abs)));
            for (int column = 0; column < matrices.Count; column++)
            {
                int x = Margin + LabelWidth + column * (cells[row].Width + Gap);
                Draw(canvas, matrices[column], largest, new SKRect(x, y, x + cells[row].Width, y + cells[row].Height));
            }

            y += cells[row].Height + Gap;
        }

        using SKImage image = SKImage.FromBitmap(bitmap);
        using SKData data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private int Scaled(int side, Matrix matrix) => side * Math.Max(1, CellSize / Math.Max(matrix.Height, matrix.Width));

    private static void Draw(SKCanvas canvas, Matrix matrix, float largest, SKRect target)
    {
        byte[] pixels = new byte[matrix.Values.Count * 4];
        for (int i = 0; i < matrix.Values.Count; i++)
        {
            float value = Math.Clamp(matrix.Values[i] / largest, -1, 1);
            byte rest = (byte)(255 - 255 * MathF.Sqrt(Math.Abs(value)));
            (pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3]) = value >= 0 ? ((byte)255, rest, rest, (byte)255) : (rest, rest, (byte)255, (byte)255);
        }

        GCHandle handle = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            using SKImage image = SKImage.FromPixelCopy(new SKImageInfo(matrix.Width, matrix.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), handle.AddrOfPinnedObject());
            canvas.DrawImage(image, target, new SKSamplingOptions(SKFilterMode.Nearest));
            using var frame = new SKPaint { Color = new SKColor(0xbb, 0xbb, 0xbb), Style = SKPaintStyle.Stroke };
            canvas.DrawRect(target, frame);
        }
        finally
        {
            handle.Free();
        }
    }
}
