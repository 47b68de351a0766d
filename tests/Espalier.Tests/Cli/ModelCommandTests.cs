using System.Text.Json.Nodes;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

public sealed class ModelCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Networks_are_listed_and_measured()
    {
        CommandResult list = InProcess.Run("model", "list", "resnet*", "--json", "--quiet");
        Assert.Equal(["resnet", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"], JsonNode.Parse(list.Output)!.AsArray().Select(n => (string)n!));
        JsonNode info = JsonNode.Parse(InProcess.Run("model", "info", "resnet18", "--json", "--quiet").Output)!;
        Assert.Equal(11_689_512, (long)info["parameters"]!);
        Assert.Contains("bert_tiny", InProcess.Run("model", "info", "bert_tny").Error, StringComparison.Ordinal);
        Assert.Contains("shape", InProcess.Run("model", "info", "resnet18", "--shape", "3xfour").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Architectures_are_trained_by_one_recipe_and_compared()
    {
        string recipe = _folder.Write("tiny.json", TinyRecipe.Digits);
        string into = Path.Combine(_folder.Path, "compared");
        CommandResult result = InProcess.Run("compare", recipe, "--arch", "gmlp,vit", "--match-params", "--out", into, "--json", "--quiet");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonArray rows = JsonNode.Parse(result.Output)!.AsArray();
        Assert.Equal(["gmlp", "vit"], rows.Select(r => (string)r!["name"]!));
        Assert.Equal(1, (double)rows[1]!["parameters"]! / (double)rows[0]!["parameters"]!, 0.02);
        Assert.All(rows, r => Assert.InRange((double)r!["accuracy"]!, 0.1, 1));
        Assert.Contains("vit", File.ReadAllText(Path.Combine(into, "report.html")), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(into, "comparison.svg")));

        // Each is a run of its own, whose filters can be looked at.
        string picture = _folder.File("filters.png");
        CommandResult spatial = InProcess.Run("model", "spatial", Path.Combine(into, "gmlp"), "--png", picture, "--json", "--quiet");
        Assert.Equal((0, ""), (spatial.ExitCode, spatial.Error));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(picture)[..4]);
        Assert.InRange((double)JsonNode.Parse(spatial.Output)![0]!["score"]!, 0, 1);
        Assert.Equal(2, InProcess.Run("model", "spatial", Path.Combine(into, "vit"), "--png", picture).ExitCode);
    }

    [Fact]
    public void One_architecture_is_no_comparison() =>
        Assert.Equal(2, InProcess.Run("compare", "digits", "--arch", "gmlp").ExitCode);
}
