using System.Xml.Linq;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Espalier.Tests.Data;
using Espalier.Tests.Reports;

namespace Espalier.Tests.Recipes;

public sealed class TabularRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Recipe Table(params string[] assignments)
    {
        string recipe = _folder.Write("table.json", TinyRecipe.Table);
        string data = _folder.Write("table.csv", TinyRecipe.Csv());
        return RecipeCatalog.Read(recipe, [$"data.path={data}", .. assignments]);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public void A_table_of_ones_own_goes_through_every_stage(string standardize)
    {
        string folder = TinyRun.Execute(Table($"data.standardize={standardize}"), _folder.File("run"));
        Dictionary<string, double?> numbers = TinyRun.Numbers(folder);
        if (standardize == "true")
            Assert.True(numbers["evaluate.accuracy"] > 0.9, $"income decides, yet the accuracy is {numbers["evaluate.accuracy"]}");
        Assert.Equal(["detect.gaussian.auroc", "detect.rademacher.auroc"], numbers.Keys.Where(k => k.EndsWith("auroc", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.True(numbers.ContainsKey("attack.linf.0.5.robustAccuracy") && numbers.ContainsKey("explain.validity"));

        XElement page = Markup.Parse(File.ReadAllText(Path.Combine(folder, "report.html")));
        Assert.Empty(page.Descendants("img"));
        Assert.Empty(page.Descendants("figure"));
        Assert.Equal(2, page.Descendants("th").Count(h => h.Value == "<b>yes</b>"));
    }

    [Fact]
    public void Outliers_for_images_only_are_refused_before_the_training()
    {
        using Run run = Run.CreateAt(_folder.File("run"), new RunManifest { Name = "table", Kind = "run" });
        OptionsException error = Assert.Throws<OptionsException>(() => new RecipeRun(Table("detect.outliers=[\"gaussian\",\"blobs\"]"), run, torch.CPU).Execute(false, CancellationToken.None));
        Assert.Equal("detect.outliers", error.Option);
        Assert.Contains("gaussian, rademacher", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(run.MetricsPath));
    }

    [Fact]
    public void A_network_for_images_says_that_a_table_is_none()
    {
        using Run run = Run.CreateAt(_folder.File("run"), new RunManifest { Name = "table", Kind = "run" });
        ShapeException error = Assert.Throws<ShapeException>(() => new RecipeRun(Table("model.name=gmlp"), run, torch.CPU).Execute(false, CancellationToken.None));
        Assert.Contains("gmlp takes images", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_changed_since_are_refused()
    {
        string folder = TinyRun.Execute(Table("attack=null", "detect=null", "explain=null"), _folder.File("run"));
        _folder.Write("table.csv", TinyRecipe.Csv(199));
        Assert.Contains("has changed since the run", Assert.Throws<DataException>(() => SavedRun.Open(folder, torch.CPU)).Message, StringComparison.Ordinal);
        using Run run = Run.Open(folder);
        run.Resume();
        Assert.Throws<DataException>(() => new RecipeRun(RecipeRun.RecipeOf(run, BuiltIn.Catalog), run, torch.CPU).Execute(resume: true, CancellationToken.None));
    }
}
