using System.Globalization;
using System.Net;
using System.Text;

namespace Espalier.Runs.Reports;

/// <summary>Writes one SVG picture; numbers are rounded to a hundredth of a pixel and text is escaped.</summary>
internal sealed class Svg
{
    private readonly StringBuilder _text = new();

    public Svg(double width, double height, string description)
    {
        Width = width;
        Height = height;
        _text.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" viewBox=\"0 0 {N(width)} {N(height)}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(description)}\">");
    }

    public double Width { get; }

    public double Height { get; }

    public Svg Line(double x1, double y1, double x2, double y2, string style)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<line x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" {style}/>");
        return this;
    }

    public Svg Rectangle(double x, double y, double width, double height, string style, string? hint = null)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<rect x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(Math.Max(0, width))}\" height=\"{N(Math.Max(0, height))}\" {style}");
        return Close("rect", hint);
    }

    public Svg Circle(double x, double y, double radius, string style, string? hint = null)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"{N(radius)}\" {style}");
        return Close("circle", hint);
    }

    public Svg Path(IEnumerable<(double X, double Y)> points, string style)
    {
        _text.Append("<path d=\"");
        bool first = true;
        foreach ((double x, double y) in points)
        {
            _text.Append(CultureInfo.InvariantCulture, $"{(first ? 'M' : 'L')}{N(x)} {N(y)}");
            first = false;
        }

        _text.Append(CultureInfo.InvariantCulture, $"\" {style}/>");
        return this;
    }

    public Svg Text(double x, double y, string text, string style)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<text x=\"{N(x)}\" y=\"{N(y)}\" {style}>{WebUtility.HtmlEncode(text)}</text>");
        return this;
    }

    public override string ToString() => $"{_text}</svg>";

    private static string N(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);

    private Svg Close(string element, string? hint)
    {
        if (hint is null)
            _text.Append("/>");
        else
            _text.Append(CultureInfo.InvariantCulture, $"><title>{WebUtility.HtmlEncode(hint)}</title></{element}>");
        return this;
    }
}
