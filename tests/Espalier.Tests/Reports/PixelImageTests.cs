using System.Xml.Linq;
using Espalier.Errors;
using Espalier.Runs.Reports;
using SkiaSharp;

namespace Espalier.Tests.Reports;

public sealed class PixelImageTests
{
    [Fact]
    public void A_grey_image_decodes_to_its_values()
    {
        float[] values = [0, 1, 0.5f, 0.2f, -3, 9];
        using SKBitmap image = Decode(PixelImage.ToHtml(values, [1, 2, 3], 0, 1, "caption"));
        Assert.Equal((3, 2), (image.Width, image.Height));
        Assert.Equal([0, 255, 128, 51, 0, 255], Pixels(image).Select(p => (int)p.Red));
        Assert.All(Pixels(image), p => Assert.True(p.Red == p.Green && p.Green == p.Blue && p.Alpha == 255));
    }

    [Fact]
    public void A_coloured_image_takes_its_channels_plane_by_plane()
    {
        float[] values = [1, 0, /* green */ 0, 0, /* blue */ 0, 1];
        using SKBitmap image = Decode(PixelImage.ToHtml(values, [3, 1, 2], 0, 1, ""));
        Assert.Equal([new SKColor(255, 0, 0), new SKColor(0, 0, 255)], Pixels(image));
    }

    [Fact]
    public void Bounds_say_what_is_black_and_white()
    {
        using SKBitmap image = Decode(PixelImage.ToHtml([-1, 0, 1], [1, 1, 3], -1, 1, ""));
        Assert.Equal([0, 128, 255], Pixels(image).Select(p => (int)p.Red));
    }

    [Fact]
    public void A_change_is_red_where_values_rise_and_blue_where_they_fall()
    {
        using SKBitmap image = Decode(PixelImage.ChangeToHtml([0, 1, 0.5f], [1, 0, 0.5f], [1, 1, 3], 1, ""));
        Assert.Equal([new SKColor(255, 0, 0), new SKColor(0, 0, 255), SKColors.White], Pixels(image));
    }

    [Fact]
    public void Captions_are_text()
    {
        XElement figure = Markup.Parse(PixelImage.ToHtml([0], [1, 1, 1], 0, 1, "<b>\"7\"")).Element("figure")!;
        Assert.Equal("<b>\"7\"", figure.Element("figcaption")!.Value);
        Assert.Equal("<b>\"7\"", (string?)figure.Element("img")!.Attribute("alt"));
    }

    [Fact]
    public void Only_images_are_drawn()
    {
        Assert.True(PixelImage.IsImage([3, 4, 4]));
        Assert.False(PixelImage.IsImage([2, 4, 4]));
        Assert.False(PixelImage.IsImage([13]));
        Assert.Throws<ShapeException>(() => PixelImage.ToHtml([0, 0], [2], 0, 1, ""));
    }

    private static SKColor[] Pixels(SKBitmap image) => image.Pixels;

    private static SKBitmap Decode(string html)
    {
        string source = (string)Markup.Parse(html).Descendants("img").Single().Attribute("src")!;
        const string prefix = "data:image/png;base64,";
        Assert.StartsWith(prefix, source, StringComparison.Ordinal);
        return SKBitmap.Decode(Convert.FromBase64String(source[prefix.Length..]));
    }
}
