using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Espalier.Runs.Reports;

/// <summary>
/// A chart of a report as a file of its own. On a page it takes colours and fonts from the style sheet and has its legend
/// beside it; alone it carries the light colours, its size, a white ground and the legend within the picture.
/// </summary>
public static partial class StandaloneSvg
{
    private const double Margin = 14;
    private const double Row = 20;
    private const double CharacterWidth = 7.8;

    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    private static readonly Lazy<Dictionary<string, string>> _colours = new(() =>
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Espalier.Reports.report.css")!;
        using var reader = new StreamReader(stream);
        string sheet = reader.ReadToEnd();
        return ColourPattern().Matches(sheet[..sheet.IndexOf('}', StringComparison.Ordinal)]).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
    });

    /// <summary>Makes the file's content.</summary>
    /// <param name="chart">What a chart's <c>ToSvg</c> gave: one <c>svg</c> element, and a legend or none.</param>
    /// <returns>An SVG document; the chart unchanged where it is no such thing.</returns>
    public static string Of(string chart)
    {
        XElement page = XElement.Parse($"<page>{chart}</page>");
        if (page.Element("svg") is not { } picture)
            return chart;
        double[] box = [.. picture.Attribute("viewBox")!.Value.Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
        double width = box[2];
        double bottom = box[3];
        var legend = new List<XElement>();
        (double x, double y) = (Margin, bottom + Margin);
        foreach (XElement entry in page.Elements("div").Where(d => (string?)d.Attribute("class") == "legend").Elements("span"))
        {
            string colour = entry.Element("i")!.Attribute("style")!.Value["background:".Length..];
            double entryWidth = 22 + (entry.Value.Length * CharacterWidth) + 16;
            if (x > Margin && x + entryWidth > width)
                (x, y) = (Margin, y + Row);
            legend.Add(new XElement("rect", At("x", x), At("y", y - 6), At("width", 14), At("height", 4), new XAttribute("fill", colour)));
            legend.Add(new XElement("text", At("x", x + 20), At("y", y), new XAttribute("class", "label"), entry.Value));
            x += entryWidth;
        }

        double height = legend.Count == 0 ? bottom : y + Margin;
        var style = new XElement("style", "text{font-family:system-ui,sans-serif;font-size:13px;fill:var(--fg)}.tick{font-size:12px;fill:var(--muted)}");
        var ground = new XElement("rect", At("width", width), At("height", height), new XAttribute("fill", "var(--bg)"));
        picture.AddFirst(new XElement("title", (string?)picture.Attribute("aria-label")), style, ground);
        picture.Add(legend);
        picture.SetAttributeValue("viewBox", Text($"0 0 {width} {height}"));
        picture.SetAttributeValue("width", Text($"{width}"));
        picture.SetAttributeValue("height", Text($"{height}"));
        foreach (XElement element in picture.DescendantsAndSelf())
            element.Name = _svg + element.Name.LocalName;
        return VariablePattern().Replace(picture.ToString(SaveOptions.DisableFormatting), m => _colours.Value.GetValueOrDefault(m.Groups[1].Value, "#888888")) + "\n";
    }

    private static XAttribute At(string name, double value) => new(name, Text($"{Math.Round(value, 2)}"));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"--(\w+):\s*(#[0-9a-f]{6})")]
    private static partial Regex ColourPattern();

    [GeneratedRegex(@"var\(--(\w+)\)")]
    private static partial Regex VariablePattern();
}
