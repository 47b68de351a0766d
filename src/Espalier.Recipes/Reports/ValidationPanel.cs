using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Reports;

/// <summary>How a number of the validation split went over the steps, for the weights as trained and averaged.</summary>
internal static class ValidationPanel
{
    /// <summary>Adds the chart, where the run has such numbers.</summary>
    /// <param name="report">Where to.</param>
    /// <param name="run">Whose numbers.</param>
    /// <param name="metric">The number's name, without the split.</param>
    /// <param name="title">Above the chart.</param>
    /// <param name="yLabel">The number in words.</param>
    /// <param name="note">Below the chart; nothing where null.</param>
    public static void Write(HtmlReport report, Run run, string metric, string title, string yLabel, string? note = null)
    {
        IReadOnlyList<MetricRecord> metrics = File.Exists(run.MetricsPath) ? MetricLog.Read(run.MetricsPath) : [];
        ChartSeries[] curves = [.. new[] { Curve($"validation.{metric}", "validation"), Curve($"validation.ema.{metric}", "validation, averaged weights") }.Where(c => c.Points.Count > 0)];
        if (curves.Length == 0)
            return;
        report.Panels([(title, new LineChart
        {
            Description = $"{yLabel} of the validation split over the steps",
            XLabel = "step",
            YLabel = yLabel,
            YMinimum = 0,
            Series = curves,
        }.ToSvg(), note)]);

        ChartSeries Curve(string name, string label) =>
            new(label, [.. metrics.Where(m => m.Values.ContainsKey(name)).Select(m => ((double)m.Step, m.Values[name]))]);
    }
}
