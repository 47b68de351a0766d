using System.Text.Json;
using Espalier.Tests.Data;

namespace Espalier.Tests.Cli;

public sealed class TextCommandTests
{
    private static readonly string[] Small =
        ["--set", "data.generated.samples=300", "--set", "model.gmlpText.layers=1", "--set", "train.length=5 steps", "--set", "train.evaluateEvery=5 steps", "--quiet"];

    [Fact]
    public void A_saved_model_writes_the_same_text_for_the_same_seed()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run");
        Assert.Equal(0, InProcess.Run(["run", "sentences", "--out", run, .. Small]).ExitCode);
        Assert.True(File.Exists(Path.Combine(run, "tokenizer.json")));
        string Written(params string[] more)
        {
            CommandResult result = InProcess.Run(["text", "generate", run, "--prompt", "the ", "--length", "25", "--json", .. more]);
            Assert.Equal(0, result.ExitCode);
            return JsonDocument.Parse(result.Output).RootElement.GetProperty("texts")[0].GetString()!;
        }

        string text = Written("--seed", "3");
        Assert.StartsWith("the ", text, StringComparison.Ordinal);
        Assert.Equal("the ".Length + 25, text.Length);
        Assert.Equal(text, Written("--seed", "3"));
        Assert.NotEqual(text, Written("--seed", "4"));
        Assert.Equal(2, InProcess.Run(["text", "generate", run, "--prompt", "Ü"]).ExitCode);
        Assert.Equal(2, InProcess.Run(["text", "generate", run, "--top-p", "2"]).ExitCode);
    }

    [Fact]
    public void A_recipe_is_fine_tuned_over_seeds()
    {
        using var folder = new TemporaryFolder();
        CommandResult result = InProcess.Run(["text", "finetune", "--recipe", "sentences", "--seeds", "3", "--out", folder.File("tuning"), "--json", .. Small[..^1],
            "--set", "objective.kind=classification", "--set", "data.text.layout=documents", "--set", "data.text.length=44", "--set", "model.gmlpText.causal=false", "--set", "model.textHead.pooling=maskedMean"]);
        Assert.Equal(0, result.ExitCode);
        JsonElement root = JsonDocument.Parse(result.Output).RootElement;
        double[] tests = [.. root.GetProperty("seeds").EnumerateArray().Select(s => s.GetProperty("test").GetDouble()).Order()];
        Assert.Equal(3, tests.Length);
        Assert.Equal(tests[1], root.GetProperty("medianTest").GetDouble());
        Assert.True(File.Exists(Path.Combine(folder.File("tuning"), "report.html")));
    }

    [Theory]
    [InlineData("digits", "must be text")]
    [InlineData("sentences", "must be classification")]
    public void What_cannot_be_fine_tuned_here_is_refused_before_anything_is_written(string recipe, string problem)
    {
        using var folder = new TemporaryFolder();
        CommandResult result = InProcess.Run(["text", "finetune", "--recipe", recipe, "--out", folder.File("tuning")]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(problem, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("tuning")));
    }
}
