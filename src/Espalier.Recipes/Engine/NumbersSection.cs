using System.Globalization;
using System.Text.Json;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>Every number, where it was measured, and the command that repeats it.</summary>
internal static class NumbersSection
{
    public static void Write(HtmlReport report, Run run, Recipe recipe)
    {
        RunManifest manifest = run.Manifest;
        report.Section("Reproduce", "This command repeats the run; on the same machine with the same number of threads it gives the same numbers.");
        report.Code(manifest.CommandLine ?? $"espalier run {recipe.Name} --seed {recipe.Seed}");
        var rows = new List<IReadOnlyList<string>>();
        if (manifest.Machine is { } machine)
        {
            rows.Add(["processor", $"{machine.Cpu}, {machine.Cores} cores, {machine.Threads} threads used"]);
            rows.Add(["memory", string.Create(CultureInfo.InvariantCulture, $"{machine.MemoryBytes / (double)(1 << 30):0.0} GiB")]);
            rows.Add(["system", machine.OperatingSystem]);
            rows.Add(["versions", $"Espalier {machine.Espalier}, TorchSharp {machine.TorchSharp}, libtorch {machine.Libtorch}, .NET {machine.DotNet}"]);
        }

        rows.Add(["device", manifest.Device]);
        rows.AddRange(manifest.DataChecksums.Select(c => (IReadOnlyList<string>)[$"sha256 of {c.Key}", c.Value]));
        report.Table(["what", "value"], rows);
        report.Details("Every number", r => r.Table(["name", "value"], run.Summary.Values.Select(v => (IReadOnlyList<string>)[v.Key, v.Value is { } number ? Format.Plain(number) : "not finite"])));
        report.Details("Every option", r => r.Code(JsonSerializer.Serialize(recipe, recipe.Catalog.Json)));
    }
}
