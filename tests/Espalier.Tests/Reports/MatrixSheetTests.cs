using Espalier.Runs.Reports;
using SkiaSharp;

namespace Espalier.Tests.Reports;

public sealed class MatrixSheetTests
{
    [Fact]
    public void Positive_values_are_red_negative_ones_blue_and_zero_is_white()
    {
        var sheet = new MatrixSheet("signs")
        {
            CellSize = 30,
            Rows = [("row", [new MatrixSheet.Matrix([2, -2, 0], 1, 3)])],
        };
        using SKBitmap picture = SKBitmap.Decode(sheet.ToPng());
        SKColor[] colours = [.. Enumerable.Range(0, picture.Width * picture.Height).Select(i => picture.GetPixel(i % picture.Width, i / picture.Width))];
        int red = colours.Count(c => c is { Red: 255, Green: 0, Blue: 0 }), blue = colours.Count(c => c is { Red: 0, Green: 0, Blue: 255 });
        // Three cells of ten pixels a side, less the frame around them.
        Assert.InRange(red, 60, 100);
        Assert.InRange(blue, 60, 100);
    }
}
