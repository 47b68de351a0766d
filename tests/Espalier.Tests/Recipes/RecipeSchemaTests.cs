using System.Text.Json.Nodes;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Tests.Architecture;

namespace Espalier.Tests.Recipes;

public sealed class RecipeSchemaTests
{
    private static readonly string Text = RecipeSchema.Create(BuiltIn.Catalog);
    private static readonly JsonObject Schema = JsonNode.Parse(Text)!.AsObject();
    private static readonly SchemaCheck Check = new(Schema);

    public static TheoryData<string> Names => [.. RecipeCatalog.Names];

    [Fact]
    public void The_committed_schema_is_the_present_one()
    {
        string committed = File.ReadAllText(Path.Combine(SourceTree.Root, "recipes", "espalier.schema.json"));
        Assert.True(Text.ReplaceLineEndings("\n") == committed.ReplaceLineEndings("\n"),
            "recipes/espalier.schema.json is out of date: espalier recipes schema > recipes/espalier.schema.json");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Shipped_recipes_are_valid(string name) => Assert.Empty(Check.Problems(RecipeCatalog.Text(name)));

    [Theory]
    [InlineData("""{ "nmae": "x" }""", "/nmae")]
    [InlineData("""{ "train": { "batchsize": 3 } }""", "/train/batchsize")]
    [InlineData("""{ "train": { "seed": 3 } }""", "/train/seed")]
    [InlineData("""{ "train": { "batchSize": 3.5 } }""", "/train/batchSize")]
    [InlineData("""{ "train": { "batchSize": "3" } }""", "/train/batchSize")]
    [InlineData("""{ "train": { "length": "5 minutes" } }""", "/train/length")]
    [InlineData("""{ "train": { "length": 5 } }""", "/train/length")]
    [InlineData("""{ "train": { "optimizer": { "kind": "adan" } } }""", "/train/optimizer/kind")]
    [InlineData("""{ "attack": { "curves": [ { "norm": "l3" } ] } }""", "/attack/curves[0]/norm")]
    [InlineData("""{ "attack": { "curves": [ { "epsilons": 0.1 } ] } }""", "/attack/curves[0]/epsilons")]
    [InlineData("""{ "expected": { "evaluate.accuracy": "high" } }""", "/expected/evaluate.accuracy")]
    [InlineData("""{ "data": null }""", "/data")]
    public void A_mistake_is_found_where_it_stands(string text, string path)
    {
        string problem = Assert.Single(Check.Problems(text));
        Assert.StartsWith(path + ":", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_optional_may_be_null() => Assert.Empty(Check.Problems("""{ "attack": null, "paper": null, "train": { "clipNorm": null, "ema": null } }"""));

    [Fact]
    public void Every_option_is_described()
    {
        string[] bare = [.. Properties(Schema, "").Where(p => p.Name != "/$schema" && (string?)p.Schema["description"] is not { Length: > 10 }).Select(p => p.Name)];
        Assert.Empty(bare);
        Assert.True(Properties(Schema, "").Count() > 60);
        Assert.DoesNotContain("<see", Text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_section_takes_unknown_keys()
    {
        JsonObject[] sections = [.. Nodes(Schema).Where(n => n["properties"] is not null)];
        Assert.True(sections.Length >= 15);
        Assert.All(sections, s => Assert.False((bool)s["additionalProperties"]!));
    }

    private static IEnumerable<(string Name, JsonObject Schema)> Properties(JsonObject node, string path)
    {
        foreach ((string key, JsonNode? value) in node["properties"]?.AsObject() ?? [])
        {
            yield return ($"{path}/{key}", value!.AsObject());
            foreach ((string Name, JsonObject Schema) inner in Properties(value.AsObject(), $"{path}/{key}"))
                yield return inner;
        }
    }

    private static IEnumerable<JsonObject> Nodes(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => Nodes(m.Value)).Prepend(o),
        JsonArray a => a.SelectMany(Nodes),
        _ => [],
    };
}
