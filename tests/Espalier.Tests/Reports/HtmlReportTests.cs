using System.Xml.Linq;
using Espalier.Runs.Reports;
using Espalier.Tests.Data;

namespace Espalier.Tests.Reports;

public sealed class HtmlReportTests
{
    private const string Hostile = "<b onclick=\"x\">&amp;";

    [Fact]
    public void Every_text_is_escaped()
    {
        HtmlReport report = new HtmlReport(Hostile, Hostile).Section(Hostile, Hostile).Paragraph(Hostile).Code(Hostile)
            .Table([Hostile], [[Hostile]]).KeyFigures((Hostile, Hostile, Hostile)).Panels((Hostile, "<i>ours</i>", Hostile)).Details(Hostile, r => r.Paragraph(Hostile));
        XElement page = Markup.Parse(report.ToString());
        Assert.Single(page.Descendants("i"));
        Assert.All(page.Descendants("b"), b => Assert.Empty(b.Attributes()));
        foreach (string tag in new[] { "title", "h1", "h2", "h3", "p", "pre", "th", "td", "span", "small", "summary" })
            Assert.Contains(page.Descendants(tag), e => e.Value == Hostile);
    }

    [Fact]
    public void Sections_are_linked_from_the_top()
    {
        XElement page = Markup.Parse(new HtmlReport("t", "s").Section("First part").Section("Second").ToString());
        string[] links = [.. page.Descendants("nav").Single().Elements("a").Select(a => ((string)a.Attribute("href")!)[1..])];
        Assert.Equal(links, page.Descendants("section").Select(s => (string)s.Attribute("id")!));
        Assert.Equal(["first-part", "second"], links);
    }

    [Fact]
    public void Numbers_stand_to_the_right()
    {
        XElement page = Markup.Parse(new HtmlReport("t", "s").Section("x").Table(["a", "b", "c"], [["1,234.5", "97.1%", "seven"]]).ToString());
        Assert.Equal(["number", "number", null], page.Descendants("td").Select(c => (string?)c.Attribute("class")));
    }

    [Fact]
    public void Saving_leaves_one_file()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("report.html", "old");
        new HtmlReport("new", "").Save(path);
        Assert.Contains("<h1>new</h1>", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }
}
