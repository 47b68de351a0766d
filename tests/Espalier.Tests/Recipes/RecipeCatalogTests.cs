using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Tests.Architecture;
using Espalier.Tests.Data;

namespace Espalier.Tests.Recipes;

public sealed class RecipeCatalogTests
{
    public static TheoryData<string> Names => [.. RecipeCatalog.Names];

    [Fact]
    public void Every_recipe_of_the_repository_ships()
    {
        string[] files = [.. Directory.GetFiles(Path.Combine(SourceTree.Root, "recipes"), "*.json").Select(f => Path.GetFileName(f))
            .Where(f => !f.EndsWith(".schema.json", StringComparison.Ordinal)).Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];
        Assert.Contains("digits", files);
        Assert.Equal(files, RecipeCatalog.Names);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shipped_recipe_is_valid_and_says_what_it_shows(string name)
    {
        Recipe recipe = RecipeCatalog.Read(name);
        Assert.Equal(name, recipe.Name);
        Assert.NotEmpty(recipe.Title);
        Assert.Matches(@"^\S.* \(\d{4}\)", recipe.Paper);
        Assert.NotEmpty(recipe.Expected);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recipe_survives_being_written_and_read(string name)
    {
        Recipe recipe = RecipeCatalog.Read(name, ["seed=7", "train.monitor.patience=3 epochs"]);
        JsonNode written = JsonSerializer.SerializeToNode(recipe, BuiltIn.Catalog.Json)!;
        Recipe read = RecipeDocument.Parse("copy", written.ToJsonString(), BuiltIn.Catalog).Bind();
        Assert.True(JsonNode.DeepEquals(written, JsonSerializer.SerializeToNode(read, BuiltIn.Catalog.Json)));

        // Comparing text with text alone would not see a value that is never written.
        Assert.Equal((7, recipe.Data.ValidationFraction), (read.Seed, read.Data.ValidationFraction));
        Assert.Equivalent(recipe.Train, read.Train, strict: true);
        Assert.Equal(recipe.Expected, read.Expected);
        Assert.Equal(recipe.Attack?.Curves.SelectMany(c => c.Epsilons), read.Attack?.Curves.SelectMany(c => c.Epsilons));
        Assert.Equal(recipe.Model.Gmlp.DModel, read.Model.Gmlp.DModel);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recipe_without_its_data_is_listed_with_what_is_missing(string name)
    {
        using var folder = new TemporaryFolder();
        var nothing = new Espalier.Data.Catalog.DataCatalog(new Espalier.Data.Catalog.DataFolders(null, folder.Path));
        Recipe recipe = RecipeCatalog.Read(name);
        IReadOnlyList<string> wanted = RecipeRequirements.DataOf(recipe);
        Assert.Contains(recipe.Data.Name, wanted);
        string[] missing = [.. RecipeRequirements.Missing(recipe, nothing).Select(m => m.Name)];
        Assert.Equal(wanted.Where(n => nothing.Find(n).Origin is not (Espalier.Data.Catalog.DatasetOrigin.Embedded or Espalier.Data.Catalog.DatasetOrigin.Generated)), missing);
        Assert.All(RecipeRequirements.Missing(recipe, nothing), m => Assert.Contains("ESPALIER_DATA", m.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_is_read_as_well_as_a_name()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("mine.json", RecipeCatalog.Text("digits").Replace("\"name\": \"digits\",\n  \"title\"", "\"name\": \"mine\",\n  \"title\"", StringComparison.Ordinal));
        Assert.Equal("mine", RecipeCatalog.Read(path).Name);
    }

    [Fact]
    public void An_unknown_name_suggests_one()
    {
        NotFoundException error = Assert.Throws<NotFoundException>(() => RecipeCatalog.Read("digit"));
        Assert.Equal("there is no recipe 'digit'; did you mean 'digits'?", error.Message);
    }
}
