using System.Globalization;
using System.Text.Json;
using Espalier.Reports;
using Espalier.Runs;

namespace Espalier.Recipes.Reports;

/// <summary>Every number, where it was measured, and the command that repeats it.</summary>
internal static class NumbersSection
{
    public static void Write(HtmlReport report, Run run, Recipe recipe)
    {
        RunManifest manifest = run.Manifest;
        report.Section("Reproduce", "This command repeats the run; on the same machine with the same number of threads it gives the same numbers.");
        report.Code(manifest.CommandLine);
        report.Table(["what", "value"],
        [
            ["processor", $"{manifest.Machine.Processor}, {manifest.Machine.Cores} cores, {manifest.Machine.Threads} threads used"],
            ["memory", string.Create(CultureInfo.InvariantCulture, $"{manifest.Machine.MemoryMiB / 1024.0:0.0} GiB")],
            ["system", manifest.Machine.System],
            ["device", manifest.Device],
            ["versions", string.Join(", ", manifest.Versions.Select(v => $"{v.Key} {v.Value}"))],
            .. manifest.DataChecksums.Select(c => (IReadOnlyList<string>)[$"sha256 of {c.Key}", c.Value]),
        ]);
        report.Details("Every number", r => r.Table(["name", "value"], run.Summary.Values.Select(v => (IReadOnlyList<string>)[v.Key, Format.Plain(v.Value)])));
        report.Details("Every option", r => r.Code(JsonSerializer.Serialize(recipe, RecipeJson.Options)));
    }
}
