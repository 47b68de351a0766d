using Espalier.Recipes.Stages;
using Espalier.Reports;
using Espalier.Runs;

namespace Espalier.Recipes.Reports;

/// <summary>How likely a density finds images of the kind that it was trained on.</summary>
internal static class DensitySection
{
    public static void Write(HtmlReport report, Run run, DensityRecord record)
    {
        double best = record.Ema ?? record.Raw;
        report.Section("Density", $"With this model a pixel of a test image takes {Format.Number(best, 3)} bits; without any it takes 8. A density finds simple images likely, whatever they show: few bits alone do not say that an image is an ordinary one.");
        var rows = new List<IReadOnlyList<string>> { Row("as trained", record.Raw, record.Values) };
        if (record.Ema is { } averaged)
            rows.Add(Row("averaged (EMA)", averaged, record.Values));
        report.Table(["weights", "bits for each value", "nats for an image"], rows);
        IReadOnlyList<MetricRecord> metrics = File.Exists(run.MetricsPath) ? MetricLog.Read(run.MetricsPath) : [];
        ChartSeries[] curves = [.. new[] { Curve(metrics, "validation.bitsPerDimension", "validation"), Curve(metrics, "validation.ema.bitsPerDimension", "validation, averaged weights") }.Where(c => c.Points.Count > 0)];
        if (curves.Length == 0)
            return;
        report.Panels([("Bits while learning", new LineChart
        {
            Description = "Bits for each pixel of the validation images over the steps",
            XLabel = "step",
            YLabel = "bits for each pixel",
            YMinimum = 0,
            Series = curves,
        }.ToSvg(), (string?)null)]);
    }

    private static ChartSeries Curve(IReadOnlyList<MetricRecord> metrics, string name, string label) =>
        new(label, [.. metrics.Where(m => m.Values.ContainsKey(name)).Select(m => ((double)m.Step, m.Values[name]))]);

    private static IReadOnlyList<string> Row(string name, double bits, long values) => [name, Format.Number(bits, 4), Format.Number(bits * values * Math.Log(2), 1)];
}
