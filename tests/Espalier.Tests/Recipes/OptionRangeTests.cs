using System.Text.Json.Nodes;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;

namespace Espalier.Tests.Recipes;

/// <summary>Every number of a recipe, set to what is no number or far too large: a refusal by name or a recipe, within moments.</summary>
public sealed class OptionRangeTests
{
    public static TheoryData<string> Values => ["NaN", "Infinity", "-Infinity", "1e308", "-1e308", "2147483647", "-2147483648"];

    [Theory]
    [MemberData(nameof(Values))]
    public void No_number_passes_that_is_none(string value)
    {
        bool isNumber = double.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out double number) && double.IsFinite(number);
        var passed = new List<string>();
        foreach (string path in OptionPaths.Of(BuiltIn.Catalog))
        {
            // The text of a value that JSON has no number for: where the reader takes such names, Validate must not.
            JsonNode node = isNumber ? JsonNode.Parse(value)! : JsonValue.Create(value);
            JsonObject root = [];
            root["name"] = "digits";
            JsonObject at = root;
            string[] parts = path.Split('.');
            foreach (string part in parts[..^1])
                at = (at[part] as JsonObject) ?? Added(at, part);
            at[parts[^1]] = node;
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Recipe recipe = RecipeDocument.Parse("mutated", root.ToJsonString(), BuiltIn.Catalog).Bind();
                if (!isNumber)
                    passed.Add(path);
            }
            catch (EspalierException)
            {
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64L << 20);
        }

        // Text is text, also where it says NaN.
        Assert.DoesNotContain(passed, p => s_texts.All(t => !p.EndsWith(t, StringComparison.OrdinalIgnoreCase)));
    }

    [Theory]
    [InlineData("model.gmlp.dFfn=2147483646")]
    [InlineData("model.gmlp.layers=2147483647")]
    [InlineData("model.mlp.hiddenSizes=[2147483647,2147483647]")]
    [InlineData("train.length=1e300 epochs")]
    [InlineData("train.batchSize=2147483647")]
    [InlineData("train.schedule.warmup=1e300 steps")]
    public void What_is_far_too_large_is_refused_before_anything_of_that_size_is_made(string assignment)
    {
        using var folder = new Espalier.Tests.Data.TemporaryFolder();
        Cli.CommandResult result = Cli.InProcess.Run("run", "digits", "--set", assignment, "--set", assignment.StartsWith("model.mlp", StringComparison.Ordinal) ? "model.name=mlp" : "seed=1", "--out", folder.File("out"), "--quiet");
        Assert.Equal(2, result.ExitCode);
        string line = Assert.Single(result.Error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("fault of Espalier", line, StringComparison.Ordinal);
    }

    private static readonly string[] s_texts = ["name", "title", "paper", "path", "label", "labels", "weights", "layer", "dataset", "detector", "column", "group", "metric", "text", "source", "input", "output", "decimalMark"];

    private static JsonObject Added(JsonObject parent, string name)
    {
        JsonObject section = [];
        parent[name] = section;
        return section;
    }
}
