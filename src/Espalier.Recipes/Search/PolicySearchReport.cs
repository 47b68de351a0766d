using System.Globalization;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Robustness.Evaluation;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Search;

/// <summary>A search for an attack policy as one page.</summary>
internal static class PolicySearchReport
{
    private const int FaintFronts = 5;

    public static void Write(Run run, string model, PolicySearchRecord record)
    {
        var report = new HtmlReport($"Attack search: {model}", string.Create(CultureInfo.InvariantCulture, $"{run.Manifest.Name}, {run.Manifest.CreatedUtc:yyyy-MM-dd HH:mm} UTC, seed {run.Manifest.Seed}, {run.Manifest.Machine?.Cpu}"));
        RobustnessReport own = record.Comparisons[0].Report;
        report.Section("Found", $"{record.Selected.Text}, in {Norms.Name(record.Norm)} at {Format.Plain(record.Epsilon)}. Bred on {record.SearchSamples} training samples{Radius(record)}, chosen by {record.SelectionSamples} others, reported on {own.Count} test samples.")
            .KeyFigures(
                (Format.Percent(own.RobustAccuracy), "accuracy under attack", $"{Format.Percent(own.CleanAccuracy)} without; an upper bound"),
                (Format.Number(own.GradientsPerExample, 0), "gradients per input", $"{Format.Number(own.WallSeconds, 1)} s for all"),
                (Format.Count(record.Evaluations), "policies evaluated", string.Create(CultureInfo.InvariantCulture, $"{record.SearchSeconds:N0} s, {record.SearchGradients / 1e6:0.0} million gradients")),
                (Format.Percent(record.Selected.SearchRobust), "left on the search samples", "hard ones: no estimate of the above"));
        report.Table(["policy", "stages", "under attack", "95% interval", "gradients per input", "seconds", "McNemar p"], record.Comparisons.Select(c => (IReadOnlyList<string>)
        [
            c.Name, c.Report.Attack, Format.Percent(c.Report.RobustAccuracy), $"{Format.Percent(c.Report.RobustInterval.Low)} to {Format.Percent(c.Report.RobustInterval.High)}",
            Format.Number(c.Report.GradientsPerExample, 1), Format.Number(c.Report.WallSeconds, 1), double.IsNaN(c.PValue) ? "" : Format.Number(c.PValue),
        ]));
        report.Paragraph("The p-value is McNemar's exact test on the same inputs: above 0.05, a difference from the policy found may be chance.");
        report.Section("Front", "Strength against cost: what no other policy is better than in both.");
        IEnumerable<ChartSeries> earlier = record.Fronts.SkipLast(1).Where((_, i) => i % Math.Max(1, (record.Fronts.Count - 1) / FaintFronts) == 0)
            .Select(f => new ChartSeries("", [.. f.Select(p => (p.Complexity, p.Robust))]) { Faint = true });
        report.Panels(("On the search samples", new LineChart
        {
            Description = "Robust accuracy on the search samples against nominal gradients",
            XLabel = "nominal gradients per input",
            YLabel = "left on the search samples",
            Series = [.. earlier, new ChartSeries("last generation", [.. record.Fronts[^1].Select(p => (p.Complexity, p.Robust))]) { Markers = true }],
        }.ToSvg(), "Faint: earlier generations."));
        report.Table(["stages", "nominal gradients", "left on search", "left on selection", "gradients taken"], record.Front.Select(c => (IReadOnlyList<string>)
            [c.Text, Format.Number(c.Complexity, 0), Format.Percent(c.SearchRobust), Format.Percent(c.SelectionRobust), Format.Number(c.SelectionGradients, 0)]));
        report.Code(run.Manifest.CommandLine ?? "");
        report.Save(run.ReportPath);
    }

    private static string Radius(PolicySearchRecord record) =>
        record.SearchEpsilon > record.Epsilon ? $" at {Format.Number(record.SearchEpsilon, 3)}, since they resist {Format.Plain(record.Epsilon)}" : "";
}
