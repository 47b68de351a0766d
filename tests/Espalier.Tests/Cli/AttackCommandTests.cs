using System.Text.Json.Nodes;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

public sealed class AttackCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Trained()
    {
        string recipe = _folder.Write("tiny.json", TinyRecipe.Digits);
        string run = Path.Combine(_folder.Path, "run");
        CommandResult trained = InProcess.Run("run", recipe, "--out", run, "--quiet");
        Assert.Equal((0, ""), (trained.ExitCode, trained.Error));
        return run;
    }

    [Fact]
    public void A_run_is_attacked_by_policies_searched_and_diagnosed()
    {
        string run = Trained();
        string into = Path.Combine(_folder.Path, "attacked");
        string checkpoint = Path.Combine(_folder.Path, "checkpoint");
        CommandResult attacked = InProcess.Run("attack", run, "--policy", "caa", "--policy", "square(queries=50)", "--epsilon", "0.05", "--epsilon", "0.1", "--samples", "16",
            "--checkpoint", checkpoint, "--eight-bit", "--out", into, "--json", "--quiet");
        Assert.Equal((0, ""), (attacked.ExitCode, attacked.Error));
        JsonNode numbers = JsonNode.Parse(attacked.Output)!;
        double small = (double)numbers["attack.caa.linf.0.05.robustAccuracy"]!;
        double large = (double)numbers["attack.caa.linf.0.1.robustAccuracy"]!;
        Assert.True(large <= small);
        Assert.True((double)numbers["attack.policy.linf.0.1.robustAccuracy"]! >= large);
        Assert.Equal(4, Directory.GetDirectories(checkpoint).Length);
        string report = File.ReadAllText(Path.Combine(into, "report.html"));
        Assert.Contains("Confusion under attack", report, StringComparison.Ordinal);
        Assert.Contains("Robust accuracy under caa", report, StringComparison.Ordinal);

        string searched = Path.Combine(_folder.Path, "searched");
        CommandResult search = InProcess.Run("attacks", "search", run, "--epsilon", "0.1", "--population", "4", "--generations", "1", "--max-steps", "8", "--search-samples", "10",
            "--samples", "16", "--baselines", "caa,random", "--workers", "1", "--seed", "3", "--out", searched, "--json", "--quiet");
        Assert.Equal((0, ""), (search.ExitCode, search.Error));
        Assert.Equal(8, (double)JsonNode.Parse(search.Output)!["search.evaluations"]!);
        Assert.Contains("McNemar", File.ReadAllText(Path.Combine(searched, "report.html")), StringComparison.Ordinal);

        // What was found on one model runs on any other.
        string policy = Path.Combine(searched, "policies", "best.json");
        CommandResult reused = InProcess.Run("attack", run, "--policy", policy, "--epsilon", "0.2", "--samples", "10", "--out", Path.Combine(_folder.Path, "reused"), "--json", "--quiet");
        Assert.Equal((0, ""), (reused.ExitCode, reused.Error));

        // Changes that no norm bounds beside one that its own radius does.
        CommandResult unrestricted = InProcess.Run("attack", run, "--policy", "caa-unrestricted", "--samples", "5", "--out", Path.Combine(_folder.Path, "unrestricted"), "--json", "--quiet");
        Assert.Equal((0, ""), (unrestricted.ExitCode, unrestricted.Error));
        Assert.Contains("not bounded by a norm", File.ReadAllText(Path.Combine(_folder.Path, "unrestricted", "report.html")), StringComparison.Ordinal);

        // Warnings are what its exit code says.
        CommandResult diagnosed = InProcess.Run("attacks", "diagnose", run, "--epsilon", "0.1", "--samples", "20", "--queries", "20", "--json", "--quiet");
        Assert.Equal("", diagnosed.Error);
        Assert.Equal(JsonNode.Parse(diagnosed.Output)!.AsArray().Any(f => (bool)f!["isWarning"]!) ? 1 : 0, diagnosed.ExitCode);
    }

    [Fact]
    public void An_exported_model_is_attacked_without_gradients()
    {
        string run = Trained();
        string model = _folder.File("model.onnx");
        CommandResult exported = InProcess.Run("export", run, "--out", model, "--quiet");
        Assert.Equal((0, ""), (exported.ExitCode, exported.Error));
        CommandResult refused = InProcess.Run("attack", model, "--policy", "apgd-ce", "--epsilon", "0.1", "--samples", "5", "--out", Path.Combine(_folder.Path, "refused"));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("square", refused.Error, StringComparison.Ordinal);
        foreach ((string option, string policy) in ((string, string)[])[("--scores-only", "scores-only"), ("--labels-only", "labels-only")])
        {
            string name = policy == "scores-only" ? "square(queries=20)" : "hop-skip-jump(queries=60)";
            CommandResult result = InProcess.Run("attack", model, option, "--policy", name, "--norm", "l2", "--epsilon", "1", "--samples", "8", "--out", Path.Combine(_folder.Path, policy), "--json", "--quiet");
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
            Assert.Equal(0, (double)JsonNode.Parse(result.Output)!["attack.policy.l2.1.gradientsPerExample"]!);
        }
    }

    [Theory]
    [InlineData("autoattak", "'autoattack'")]
    [InlineData("mt(t=5) ->", "the name of an attack")]
    [InlineData("nothing.json", "does not exist")]
    public void A_policy_that_cannot_be_read_is_refused_before_anything_is_opened(string policy, string message)
    {
        CommandResult refused = InProcess.Run("attack", "no-such-run", "--policy", policy, "--epsilon", "0.1");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(message, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Attacks_are_listed_with_what_they_need()
    {
        JsonArray list = JsonNode.Parse(InProcess.Run("attacks", "list", "--json", "--quiet").Output)!.AsArray();
        string[] names = [.. list.Select(a => (string)a!["name"]!)];

        // The thirty-two of the paper's pools: eight in L-inf, two more in L2, nineteen that no norm bounds, and those that both share.
        string[] paper =
        [
            "fgsm", "pgd", "mi", "cw", "odi-cos", "odi-cyclical", "odi-step", "mt", "cw-l2", "ddn", "spsa", "spatial",
            "gaussian-noise", "shot-noise", "impulse-noise", "speckle-noise", "gaussian-blur", "defocus-blur", "glass-blur", "motion-blur", "zoom-blur",
            "fog", "brightness", "contrast", "saturate", "spatter", "elastic-transform", "pixelate", "jpeg-compression",
        ];
        Assert.Empty(paper.Except(names));
        Assert.Equal("labels", (string)list.Single(a => (string)a!["name"]! == "hop-skip-jump")!["access"]!);
        Assert.Equal(2, InProcess.Run("attacks", "diagnose", "no-such-run").ExitCode);
    }
}
