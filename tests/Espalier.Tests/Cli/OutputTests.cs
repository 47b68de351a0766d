using System.Text.Json.Nodes;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

public sealed class OutputTests(TinyRun tiny) : IClassFixture<TinyRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_quiet_run_prints_nothing()
    {
        CommandResult result = InProcess.Run("run", _folder.Write("tiny.json", TinyRecipe.Digits), "--quiet", "--out", _folder.File("out"), "--set", "train.length=1 epochs", "--set", "attack=null", "--set", "explain=null");
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
        Assert.True(File.Exists(_folder.File("out/report.html")));
    }

    [Fact]
    public void A_run_names_its_folder_its_stages_and_its_report()
    {
        CommandResult result = InProcess.Run("run", _folder.Write("tiny.json", TinyRecipe.Digits), "--out", _folder.File("out"), "--seed", "5", "--set", "expected={\"evaluate.accuracy\":2}", "--set", "train.length=1 epochs");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        string[] lines = result.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        foreach (string stage in new[] { "run", "data", "train", "evaluate", "attack", "detect", "explain", "report" })
            Assert.Contains(lines, l => l.StartsWith(stage + " ", StringComparison.Ordinal));
        Assert.Contains("below expectation: evaluate.accuracy", result.Output, StringComparison.Ordinal);
        Assert.Contains(_folder.File("out/report.html"), lines[^1], StringComparison.Ordinal);
        Assert.Equal(5, (int?)JsonNode.Parse(File.ReadAllText(_folder.File("out/run.json")))!["options"]!["seed"]);
    }

    [Theory]
    [InlineData("evaluate", "evaluate.ema.accuracy")]
    [InlineData("attack", "attack.linf.0.1.robustAccuracy")]
    [InlineData("detect", "detect.gaussian.auroc")]
    [InlineData("explain", "explain.validity")]
    public void An_audit_with_json_gives_the_numbers_of_the_run(string command, string number)
    {
        CommandResult result = InProcess.Run(command, tiny.Folder, "--json", "--quiet", "--out", _folder.File("out"));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(TinyRun.Numbers(tiny.Folder)[number], (double?)JsonNode.Parse(result.Output)![number]);
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(_folder.File("out/run.json")))!;
        Assert.Equal((command, tiny.Folder, "completed"), ((string?)manifest["kind"], (string?)manifest["sourceRun"], (string?)manifest["status"]));
        Assert.True(File.Exists(_folder.File("out/report.html")));
    }

    [Theory]
    [InlineData("recipes")]
    [InlineData("data", "list")]
    [InlineData("detectors", "list")]
    [InlineData("attacks", "list")]
    [InlineData("model", "list")]
    public void A_table_without_a_terminal_fits_a_page(params string[] command)
    {
        CommandResult result = InProcess.Run(command);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.InRange(result.Output.Split('\n').Where(l => !l.Contains(':', StringComparison.Ordinal)).Max(l => l.TrimEnd().Length), 40, 100);
    }

    [Theory]
    [InlineData("8/255")]
    [InlineData("0.03137254901960784")]
    public void A_radius_may_be_a_fraction(string epsilon)
    {
        CommandResult result = InProcess.Run("attack", tiny.Folder, "--norm", "linf", "--epsilon", epsilon, "--samples", "5", "--steps", "1", "--json", "--quiet", "--out", _folder.File("out"));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("attack.linf.0.03137254901960784.robustAccuracy", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_audit_takes_settings_of_its_own()
    {
        CommandResult result = InProcess.Run("attack", tiny.Folder, "--norm", "l2", "--epsilon", "0", "--epsilon", "3", "--samples", "10", "--steps", "2", "--json", "--quiet", "--raw", "--out", _folder.File("out"));
        Assert.Equal(0, result.ExitCode);
        JsonNode numbers = JsonNode.Parse(result.Output)!;
        Assert.Equal(10, (double?)numbers["attack.samples"]);
        Assert.Equal((double?)numbers["attack.cleanAccuracy"], (double?)numbers["attack.l2.0.robustAccuracy"]);
        Assert.True((double?)numbers["attack.l2.3.robustAccuracy"] < (double?)numbers["attack.cleanAccuracy"]);
        Assert.Null(numbers["attack.linf.0.1.robustAccuracy"]);
    }

    /// <summary>Under L0 a radius is a number of pixels: by the curve's own attack, and by policies.</summary>
    [Fact]
    public void An_audit_counts_pixels()
    {
        CommandResult curve = InProcess.Run("attack", tiny.Folder, "--norm", "L0", "--epsilon", "3", "--epsilon", "12", "--samples", "10", "--steps", "5", "--restarts", "2", "--json", "--quiet", "--out", _folder.File("curve"));
        Assert.Equal((0, ""), (curve.ExitCode, curve.Error));
        JsonNode numbers = JsonNode.Parse(curve.Output)!;
        Assert.True((double?)numbers["attack.l0.12.robustAccuracy"] <= (double?)numbers["attack.l0.3.robustAccuracy"]);
        Assert.True((double?)numbers["attack.l0.12.robustAccuracy"] < (double?)numbers["attack.cleanAccuracy"]);
        Assert.Contains("changed pixels", File.ReadAllText(_folder.File("curve/report.html")), StringComparison.Ordinal);
        CommandResult policy = InProcess.Run("attack", tiny.Folder, "--norm", "l0", "--policy", "sigma-zero(t=20) | pgd0(t=5, restarts=2) | sparse-rs(queries=50)", "--epsilon", "12", "--samples", "10", "--json", "--quiet", "--out", _folder.File("policy"));
        Assert.Equal((0, ""), (policy.ExitCode, policy.Error));
        Assert.InRange((double)JsonNode.Parse(policy.Output)!["attack.policy.l0.12.robustAccuracy"]!, 0, (double)numbers["attack.l0.3.robustAccuracy"]!);
        CommandResult refused = InProcess.Run("attack", tiny.Folder, "--norm", "l0", "--epsilon", "0.1", "--out", _folder.File("refused"));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("number of pixels", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, InProcess.Run("attack", tiny.Folder, "--norm", "l0", "--policy", "autoattack", "--epsilon", "5", "--out", _folder.File("refused2")).ExitCode);
    }

    [Theory]
    [InlineData("recipes")]
    [InlineData("recipes", "show", "digits")]
    [InlineData("recipes", "schema")]
    [InlineData("scale", "digits", "--batch-size", "256")]
    [InlineData("data")]
    [InlineData("data", "info", "wine")]
    [InlineData("data", "fetch", "digits")]
    [InlineData("doctor")]
    public void Json_is_one_document_and_quiet_is_silent(params string[] arguments)
    {
        CommandResult json = InProcess.Run([.. arguments, "--json"]);
        Assert.Equal(0, json.ExitCode);
        Assert.True(JsonNode.Parse(json.Output) is JsonObject { Count: > 0 } or JsonArray { Count: > 0 }, json.Output);
        CommandResult quiet = InProcess.Run([.. arguments, "--quiet"]);
        Assert.Equal((0, "", ""), (quiet.ExitCode, quiet.Output, quiet.Error));
        CommandResult both = InProcess.Run([.. arguments, "--quiet", "--json"]);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json.Output), JsonNode.Parse(both.Output)));
        Assert.Equal("", both.Error);
    }

    [Fact]
    public void Runs_are_compared_side_by_side()
    {
        CommandResult result = InProcess.Run("runs", "compare", tiny.Folder, tiny.Folder, "--json", "--quiet");
        Assert.Equal(0, result.ExitCode);
        JsonArray rows = JsonNode.Parse(result.Output)!.AsArray();
        JsonNode accuracy = rows.Single(r => (string?)r!["name"] == "evaluate.accuracy")!;
        Assert.Equal(2, accuracy["values"]!.AsArray().Count);
        Assert.Equal(0, (double)accuracy["differences"]![1]!);
    }

    [Fact]
    public void A_report_is_made_again()
    {
        string path = Path.Combine(tiny.Folder, "report.html");
        string before = File.ReadAllText(path);
        File.Delete(path);
        Assert.Equal(0, InProcess.Run("report", tiny.Folder, "--quiet").ExitCode);
        Assert.Equal(before, File.ReadAllText(path));
    }

    [Fact]
    public void A_recipe_is_shown_as_it_was_written() =>
        Assert.Equal(Espalier.Recipes.RecipeCatalog.Text("digits"), InProcess.Run("recipes", "show", "digits").Output);
}
