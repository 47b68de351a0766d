using System.Globalization;
using System.Net;

namespace Espalier.Runs.Reports;

/// <summary>What all charts share: axes, grid, colours, legend.</summary>
internal static class ChartFrame
{
    private const int Colours = 6;

    /// <summary>The colour of the i-th series, as the page's style sheet defines it.</summary>
    public static string Colour(int i) => string.Create(CultureInfo.InvariantCulture, $"var(--c{i % Colours})");

    /// <summary>Draws grid, ticks and labels.</summary>
    public static void Draw(Svg svg, Axis x, Axis y, string xLabel, string yLabel, double left, double right, double top, double bottom)
    {
        double baseline = svg.Height - bottom;
        foreach (double tick in y.Ticks(5))
        {
            svg.Line(left, y.At(tick), svg.Width - right, y.At(tick), "stroke=\"var(--grid)\"");
            svg.Text(left - 8, y.At(tick) + 4, Axis.Label(tick), "class=\"tick\" text-anchor=\"end\"");
        }

        foreach (double tick in x.Ticks(7))
        {
            svg.Line(x.At(tick), baseline, x.At(tick), baseline + 4, "stroke=\"var(--muted)\"");
            svg.Text(x.At(tick), baseline + 18, Axis.Label(tick), "class=\"tick\" text-anchor=\"middle\"");
        }

        svg.Line(left, baseline, svg.Width - right, baseline, "stroke=\"var(--muted)\"");
        svg.Text((left + svg.Width - right) / 2, svg.Height - 8, xLabel, "class=\"label\" text-anchor=\"middle\"");
        double middle = (top + baseline) / 2;
        svg.Text(0, 0, yLabel, string.Create(CultureInfo.InvariantCulture, $"class=\"label\" text-anchor=\"middle\" transform=\"translate(14 {middle:0.##}) rotate(-90)\""));
    }

    /// <summary>The legend below a chart; none for a single unnamed series.</summary>
    public static string Legend(IReadOnlyList<(string Name, bool Reference)> entries)
    {
        var named = new List<string>();
        int colour = 0;
        foreach ((string name, bool reference) in entries)
        {
            string stroke = reference ? "var(--muted)" : Colour(colour++);
            if (name.Length > 0)
                named.Add($"<span><i style=\"background:{stroke}\"></i>{WebUtility.HtmlEncode(name)}</span>");
        }

        return named.Count == 0 ? "" : $"<div class=\"legend\">{string.Concat(named)}</div>";
    }
}
