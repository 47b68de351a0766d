using System.Diagnostics;
using System.Text.Json.Nodes;
using Espalier.Tests.Architecture;
using Espalier.Tests.Cli;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;

namespace Espalier.Tests.Recipes;

/// <summary>
/// An area in an assembly of its own, without access to internals: batch type, data, objective, task, stage, report section and command are registered, and run
/// from JSON to report. The area is the sample OwnArea; nothing in the engine knows it.
/// </summary>
[Collection(Beside.Name)]
public sealed class OpenDoorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Recipe => Path.Combine(SourceTree.Root, "samples", "OwnArea", "line.json");

    [Fact]
    public void An_area_of_ones_own_runs_from_JSON_to_report()
    {
        CommandResult run = Run("run", Recipe, "--out", _folder.File("run"), "--quiet");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        JsonObject summary = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.File("run"), "summary.json")))!.AsObject();

        // The points have slope 3 and noise 0.1: the forecast at 2 is 6, to a few standard errors.
        Assert.Equal(6, summary["forecast.at2"]!.GetValue<double>(), 0.15);
        Assert.Equal(2, summary["model.parameters"]!.GetValue<double>());
        string report = File.ReadAllText(Path.Combine(_folder.File("run"), "report.html"));
        Assert.Contains("What the line says.", report, StringComparison.Ordinal);
        Assert.Contains("squared error", report, StringComparison.Ordinal);
        Assert.Contains(">forecast<", report, StringComparison.Ordinal);

        // Made again from the records alone.
        File.Delete(Path.Combine(_folder.File("run"), "report.html"));
        Assert.Equal(0, Run("report", _folder.File("run"), "--quiet").ExitCode);
        Assert.Equal(report, File.ReadAllText(Path.Combine(_folder.File("run"), "report.html")));
    }

    [Fact]
    public void Help_schema_and_hints_know_it()
    {
        Assert.Contains("lines through points", Run("--help").Output, StringComparison.Ordinal);
        Assert.Equal("a line has a slope", Run("line", "say").Output.Trim());
        JsonObject schema = JsonNode.Parse(Run("recipes", "schema").Output)!["properties"]!.AsObject();
        Assert.True(schema.ContainsKey("forecast") && schema.ContainsKey("attack"));
        Assert.Contains(schema["task"]!["anyOf"]!.AsArray(), k => (string?)k!["properties"]?["kind"]?["const"] == "line" && k["properties"]!["slope"] is not null);
        Assert.Contains("'forecast'", Run("run", Recipe, "--set", "forcast.at=[1]").Error, StringComparison.Ordinal);
        Assert.Contains("'task.slope'", Run("run", Recipe, "--set", "task.slop=2").Error, StringComparison.Ordinal);
        Assert.Contains("'line'", Run("run", Recipe, "--set", "task.kind=lime").Error, StringComparison.Ordinal);
        Assert.Contains("'task.points' is 1", Run("run", Recipe, "--set", "task.points=1").Error, StringComparison.Ordinal);
        CommandResult audit = Run("run", Recipe, "--set", "evaluate={}", "--out", _folder.File("no"), "--quiet");
        Assert.Equal(2, audit.ExitCode);
        Assert.Contains("evaluate", audit.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_toolkits_own_recipes_still_run_in_it() =>
        Assert.Equal(0, Run("recipes", "show", "digits").ExitCode);

    private static CommandResult Run(params string[] arguments)
    {
        string[] parts = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory).Split(Path.DirectorySeparatorChar);
        string program = Path.Combine([SourceTree.Root, "samples", "OwnArea", "bin", .. parts[^3..], OperatingSystem.IsWindows() ? "OwnArea.exe" : "OwnArea"]);
        Assert.SkipUnless(File.Exists(program), "the sample was not built");
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        return EspalierProcess.End(process);
    }
}
