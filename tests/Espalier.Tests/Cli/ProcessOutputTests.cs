using System.Text.Json.Nodes;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

/// <summary>What a user's shell gets from the program itself.</summary>
[Collection(Beside.Name)]
public sealed class ProcessOutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_with_json_prints_its_summary_and_nothing_else()
    {
        CommandResult result = EspalierProcess.Run(_folder.Path, "run", _folder.Write("tiny.json", TinyRecipe.Digits), "--json", "--threads", "1", "--set", "train.length=1 epochs", "--set", "explain=null");
        Assert.Equal(0, result.ExitCode);
        JsonObject summary = JsonNode.Parse(result.Output)!.AsObject();
        Assert.True((double)summary["evaluate.ema.accuracy"]! > 0);
        Assert.False(summary.ContainsKey("explain.validity"));
        Assert.Contains("epoch 1.0", result.Error, StringComparison.Ordinal);

        // Without --out the folder is named after the recipe, and 'last' finds it.
        string folder = Assert.Single(Directory.GetDirectories(_folder.File("runs")));
        Assert.StartsWith("tiny-", Path.GetFileName(folder), StringComparison.Ordinal);
        Assert.True(JsonNode.DeepEquals(summary, JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "summary.json")))));
        CommandResult shown = EspalierProcess.Run(_folder.Path, "runs", "show", "--json");
        Assert.Equal("completed", (string?)JsonNode.Parse(shown.Output)!["manifest"]!["status"]);
    }

    [Fact]
    public void A_mistake_in_a_process_is_one_line_on_standard_error()
    {
        CommandResult result = EspalierProcess.Run(_folder.Path, "run", "digit", "--json");
        Assert.Equal((2, "", "error: there is no recipe 'digit'; did you mean 'digits'?\n"), (result.ExitCode, result.Output, result.Error.ReplaceLineEndings("\n")));
    }
}
