using System.Globalization;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>
/// Writes <c>report.html</c> from what a run's folder holds and from nothing else, so that it can be made again at any time.
/// </summary>
public static class RunReport
{
    /// <summary>Writes the report of a run.</summary>
    /// <param name="run">The run; work that left no record is left out.</param>
    /// <param name="recipe">What was run.</param>
    public static void Write(Run run, Recipe recipe)
    {
        RunManifest manifest = run.Manifest;
        var report = new HtmlReport(
            Title(manifest, recipe),
            string.Create(CultureInfo.InvariantCulture, $"{manifest.Name}, {manifest.CreatedUtc:yyyy-MM-dd HH:mm} UTC, seed {recipe.Seed}, {manifest.Machine?.Cpu}"));
        (RecordedWork Work, object Record)[] records = [.. recipe.Catalog.Works.Select(w => (w, w.Read(run))).Where(r => r.Item2 is not null).Select(r => (r.w, r.Item2!))];
        SummarySection.Write(report, recipe, records);
        var context = new ReportContext(run, recipe);
        foreach ((RecordedWork work, object record) in records)
            work.WriteReport(record, report, context);
        NumbersSection.Write(report, run, recipe);
        report.Save(run.ReportPath);
    }

    private static string Title(RunManifest manifest, Recipe recipe) => manifest.SourceRun is { } source
        ? $"{char.ToUpperInvariant(manifest.Kind[0])}{manifest.Kind[1..]}: {Path.GetFileName(source)}"
        : recipe.Title.Length > 0 ? recipe.Title : recipe.Name;
}
