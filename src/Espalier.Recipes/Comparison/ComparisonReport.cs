using System.Globalization;
using Espalier.Files;
using Espalier.Recipes.Engine;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Comparison;

/// <summary>The comparison as a page, and its plot as a picture of its own.</summary>
internal static class ComparisonReport
{
    public static void Write(Run run, Recipe recipe, IReadOnlyList<ComparedArchitecture> rows, bool matched)
    {
        var report = new HtmlReport($"Architectures compared on {recipe.Name}", string.Create(CultureInfo.InvariantCulture, $"data {recipe.Data.Name}, {recipe.Train.Length}, batch {recipe.Train.BatchSize}, seed {recipe.Seed}"));
        ComparedArchitecture best = rows.MaxBy(r => r.Accuracy)!;
        report.Section("Summary", string.Create(CultureInfo.InvariantCulture,
            $"{best.Name} is ahead with {best.Accuracy:P2} on the test split. All saw the same samples in the same order{(matched ? " and have the same number of weights within two percent" : "")}; one seed each, so small differences mean nothing, and architectures that learn slowly would catch up with a longer training."));
        report.Table(["architecture", "weights", "multiply-adds", "accuracy", "log loss", "calibration error", "samples/s", "seconds"], rows.Select(r => (IReadOnlyList<string>)
        [
            r.Name, r.Parameters.ToString("N0", CultureInfo.InvariantCulture), r.MultiplyAdds?.ToString("N0", CultureInfo.InvariantCulture) ?? "",
            r.Accuracy.ToString("P2", CultureInfo.InvariantCulture), r.LogLoss.ToString("0.000", CultureInfo.InvariantCulture), r.Ece.ToString("0.000", CultureInfo.InvariantCulture),
            r.SamplesPerSecond.ToString("N0", CultureInfo.InvariantCulture), r.Seconds.ToString("0.0", CultureInfo.InvariantCulture),
        ]));
        string chart = new LineChart
        {
            Description = "Validation accuracy of each architecture over the epochs",
            XLabel = "epoch",
            YLabel = "validation accuracy",
            Series = [.. rows.Select(r => new ChartSeries(r.Name, [.. r.Curve]) { Markers = true })],
        }.ToSvg();
        report.Panels(("Validation accuracy", chart, null));
        report.Code(run.Manifest.CommandLine ?? "");
        report.Save(run.ReportPath);
        AtomicFile.Replace(Path.Combine(run.Folder, "comparison.svg"), StandaloneSvg.Of(chart));
    }
}
