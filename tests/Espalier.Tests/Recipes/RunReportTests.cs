using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Espalier.Tests.Reports;

namespace Espalier.Tests.Recipes;

public sealed class RunReportTests(TinyRun tiny) : IClassFixture<TinyRun>
{
    private XElement Page => Markup.Parse(Text);

    private string Text => File.ReadAllText(Path.Combine(tiny.Folder, "report.html"));

    [Fact]
    public void The_page_loads_nothing_from_anywhere()
    {
        XElement page = Page;
        Assert.Empty(page.Descendants("script"));
        Assert.Empty(page.Descendants("link"));
        Assert.Empty(page.Descendants("iframe"));
        Assert.NotEmpty(page.Descendants("img"));
        Assert.All(page.Descendants("img"), i => Assert.StartsWith("data:image/png;base64,", (string)i.Attribute("src")!, StringComparison.Ordinal));
        Assert.All(page.Descendants("a"), a => Assert.StartsWith("#", (string)a.Attribute("href")!, StringComparison.Ordinal));
        foreach (string style in page.DescendantsAndSelf().SelectMany(e => e.Attributes("style").Select(a => a.Value)).Concat(page.Descendants("style").Select(s => s.Value)))
            Assert.DoesNotContain(new[] { "url(", "@import", "http" }, word => style.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Every_section_is_there_once_and_ids_are_unique()
    {
        XElement page = Page;
        Assert.Equal(["Summary", "Training", "Spatial filters", "Evaluation", "Attack", "Detection", "Explanation", "Reproduce"], page.Descendants("h2").Select(h => h.Value));
        string[] ids = [.. page.Descendants().Attributes("id").Select(a => a.Value)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.True(page.Descendants("svg").Count() >= 8);
    }

    [Fact]
    public void Every_number_of_the_summary_stands_in_the_report()
    {
        HashSet<string> cells = [.. Page.Descendants("td").Select(c => c.Value)];
        Dictionary<string, double?> summary = JsonSerializer.Deserialize<Dictionary<string, double?>>(File.ReadAllText(Path.Combine(tiny.Folder, "summary.json")))!;
        Assert.True(summary.Count > 30);
        Assert.All(summary.Keys, name => Assert.Contains(name, cells));
    }

    [Fact]
    public void The_confusion_matrix_counts_the_test_split()
    {
        XElement table = Page.Descendants("table").Single(t => (string?)t.Attribute("class") == "confusion");
        int samples = table.Descendants("td").Where(c => c.Value.Length > 0).Sum(c => int.Parse(c.Value, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((int)JsonNode.Parse(File.ReadAllText(Path.Combine(tiny.Folder, "stages", "train.json")))!["testSamples"]!, samples);
    }

    [Fact]
    public void Names_are_escaped_wherever_they_come_from()
    {
        Assert.Equal(tiny.Recipe.Title, Page.Descendants("h1").Single().Value);
        Assert.Empty(Page.Descendants("h1").Single().Elements());

        // The report is made from the records of the stages alone, so a class gets its name there.
        string copy = tiny.Fresh("escaped");
        foreach (string file in Directory.GetFiles(tiny.Folder, "*.json*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy, Path.GetRelativePath(tiny.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        foreach (string stage in new[] { "evaluate", "attack", "explain" })
        {
            string path = Path.Combine(copy, "stages", stage + ".json");
            JsonNode record = JsonNode.Parse(File.ReadAllText(path))!;
            for (int c = 0; c < 10; c++)
                record["classNames"]![c] = "<em>&x";
            File.WriteAllText(path, record.ToJsonString());
        }

        using Run run = Run.Open(copy);
        RunReport.Write(run, RecipeRun.RecipeOf(run, BuiltIn.Catalog));
        XElement page = Markup.Parse(File.ReadAllText(run.ReportPath));
        Assert.Empty(page.Descendants("em"));
        Assert.Equal(20, page.Descendants("th").Count(h => h.Value == "<em>&x"));
        Assert.Contains(page.Descendants("figcaption"), c => c.Value.StartsWith("<em>&x", StringComparison.Ordinal));
    }
}
