using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Espalier.Runs.Reports;

namespace Espalier.Tests.Reports;

public sealed class ChartTests
{
    private const string Hostile = "<b>\"x\" & 'y'</b>";

    private static LineChart Lines(params ChartSeries[] series) => new() { Description = Hostile, XLabel = Hostile, YLabel = Hostile, Series = series };

    [Fact]
    public void A_line_chart_is_well_formed_and_escapes_its_texts()
    {
        XElement chart = Markup.Parse(Lines(new ChartSeries(Hostile, [(0, 1), (1, 3)]) { Markers = true }, new ChartSeries("reference", [(0, 0), (1, 1)]) { Reference = true }).ToSvg());
        Assert.Empty(chart.Descendants("b"));
        Assert.Equal(Hostile, (string?)chart.Element("svg")!.Attribute("aria-label"));
        Assert.Equal(2, chart.Descendants("text").Count(t => t.Value == Hostile));
        Assert.Contains(chart.Descendants("span"), s => s.Value == Hostile);
        Assert.Equal(2, chart.Descendants("circle").Count());
    }

    [Fact]
    public void A_line_runs_through_its_points_and_leaves_out_what_is_not_finite()
    {
        XElement chart = Markup.Parse(Lines(new ChartSeries("", [(0, 0), (1, double.NaN), (2, 1), (double.PositiveInfinity, 2)])).ToSvg());
        (double X, double Y)[] points = Points(chart);
        Assert.Equal(2, points.Length);
        Assert.True(points[0].X < points[1].X && points[0].Y > points[1].Y, "up is a smaller y on a page");
        Assert.DoesNotContain("NaN", chart.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_finite_point_there_is_still_a_picture()
    {
        XElement chart = Markup.Parse(Lines(new ChartSeries("none", [(0, double.NaN)])).ToSvg());
        Assert.DoesNotContain("NaN", chart.ToString(), StringComparison.Ordinal);
        Assert.Empty(Markup.Parse(Lines().ToSvg()).Element("svg")!.Descendants("polyline").Concat(Markup.Parse(Lines().ToSvg()).Descendants("path")));
    }

    [Fact]
    public void A_long_curve_is_thinned_and_keeps_its_mean()
    {
        (double, double)[] ramp = [.. Enumerable.Range(0, 10_000).Select(i => ((double)i, (double)i))];
        (double X, double Y)[] points = Points(Markup.Parse(Lines(new ChartSeries("", ramp)).ToSvg()));
        Assert.InRange(points.Length, 100, 400);
        Assert.Equal((points[0].Y + points[^1].Y) / 2, points.Average(p => p.Y), 1);
    }

    [Fact]
    public void The_shares_of_a_histogram_sum_to_one()
    {
        float[] inside = [.. Enumerable.Range(0, 997).Select(i => MathF.Sin(i))];
        float[] outside = [2, 2, 2, 5];
        XElement chart = Markup.Parse(new HistogramChart { Description = "d", XLabel = "x", Samples = [("in", inside), ("<i>out", outside)] }.ToSvg());
        foreach ((string name, double tolerance) in new[] { ("in", 2.0), ("<i>out", 0.2) })
        {
            double[] shares = [.. chart.Descendants("title").Select(t => Share().Match(t.Value)).Where(m => m.Groups[1].Value == name)
                .Select(m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture))];
            Assert.NotEmpty(shares);
            Assert.Equal(100, shares.Sum(), tolerance);
        }

        Assert.Equal(2, chart.Descendants("title").Count(t => t.Value.StartsWith("<i>out", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_highest_bar_is_the_fullest_bin()
    {
        XElement chart = Markup.Parse(new HistogramChart { Description = "d", XLabel = "x", Bins = 4, Samples = [("a", [0, 1, 1, 1, 4])] }.ToSvg());
        XElement[] bars = [.. chart.Descendants("rect")];
        double[] heights = [.. bars.Select(b => (double)b.Attribute("height")!)];
        Assert.Equal(3, bars.Length);
        Assert.Equal(1, Array.IndexOf(heights, heights.Max()));
        Assert.Equal(3, heights[1] / heights[0], 0.01);
    }

    [Fact]
    public void Histograms_of_nothing_or_of_one_value_are_pictures_too()
    {
        Assert.NotNull(Markup.Parse(new HistogramChart { Description = "d", XLabel = "x", Samples = [("none", [])] }.ToSvg()).Element("svg"));
        Assert.Single(Markup.Parse(new HistogramChart { Description = "d", XLabel = "x", Samples = [("one", [3, 3])] }.ToSvg()).Descendants("rect"));
    }

    [Fact]
    public void A_confusion_matrix_shows_counts_by_true_class()
    {
        XElement table = Markup.Parse(new ConfusionChart { ClassNames = ["<b>", "dog"], Counts = [[9, 1], [0, 4]] }.ToHtml());
        Assert.Empty(table.Descendants("b"));
        Assert.Equal(["<b>", "dog"], table.Descendants("tbody").Single().Elements("tr").Select(r => r.Element("th")!.Value));
        Assert.Equal(["9", "1", "", "4"], table.Descendants("td").Select(c => c.Value));
        Assert.Equal(["hit", "miss", "miss", "hit"], table.Descendants("td").Select(c => (string?)c.Attribute("class")));
    }

    private static (double X, double Y)[] Points(XElement chart) =>
        [.. Point().Matches((string)chart.Descendants("path").First().Attribute("d")!)
            .Select(m => (double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)))];

    private static Regex Point() => new(@"[ML](\S+) ([^ML]+)");

    private static Regex Share() => new(@"^(.*): ([\d.]+) ?%$");
}
