using System.Xml.Linq;
using Espalier.Runs.Reports;

namespace Espalier.Tests.Reports;

public sealed class StandaloneSvgTests
{
    private static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void A_chart_alone_carries_its_colours_its_size_and_its_legend()
    {
        string chart = new LineChart
        {
            Description = "a < b & ρ",
            XLabel = "κ",
            YLabel = "D",
            Series = [new("first", [(0, 1), (1, 2)]) { Markers = true }, new("limit", [(0, 1), (1, 1)]) { Reference = true }],
        }.ToSvg();
        string alone = StandaloneSvg.Of(chart);
        XElement root = XDocument.Parse(alone).Root!;
        Assert.Equal(_svg + "svg", root.Name);
        Assert.All(root.Descendants(), e => Assert.Equal(_svg, e.Name.Namespace));
        Assert.DoesNotContain("var(", alone, StringComparison.Ordinal);
        Assert.Contains("#1d6b4f", alone, StringComparison.Ordinal);
        Assert.Equal("a < b & ρ", root.Element(_svg + "title")!.Value);
        string[] texts = [.. root.Elements(_svg + "text").Select(t => t.Value)];
        Assert.Equal(["first", "limit"], texts[^2..]);
        Assert.True((double)root.Attribute("height")! > 300);
    }
}
