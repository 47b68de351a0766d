using Espalier.Recipes.Stages;
using Espalier.Reports;
using Espalier.Runs;

namespace Espalier.Recipes.Reports;

/// <summary>How well a language model knows the text.</summary>
internal static class LanguageSection
{
    public static void Write(HtmlReport report, Run run, LanguageRecord record)
    {
        LanguageNumbers best = record.Ema ?? record.Raw;
        string task = record.IsMasked ? "find a hidden token" : "guess the next token";
        report.Section("Language", $"To {task} of the test text is as hard for the model as to choose among {Format.Number(best.Perplexity, 2)} equally likely ones; without any knowledge it would be {Format.Count(record.Vocabulary)}. Its first guess is right {Format.Percent(best.Accuracy)} of the time.");
        var rows = new List<IReadOnlyList<string>> { Row("as trained", record.Raw) };
        if (record.Ema is not null)
            rows.Add(Row("averaged (EMA)", record.Ema));
        report.Table(["weights", "perplexity", "nats per token", "bits per character", "first guess right"], rows);
        IReadOnlyList<MetricRecord> metrics = File.Exists(run.MetricsPath) ? MetricLog.Read(run.MetricsPath) : [];
        ChartSeries[] curves = [.. new[] { Curve(metrics, "validation.perplexity", "validation"), Curve(metrics, "validation.ema.perplexity", "validation, averaged weights") }.Where(c => c.Points.Count > 0)];
        if (curves.Length == 0)
            return;
        report.Panels([("Perplexity while learning", new LineChart
        {
            Description = "Validation perplexity over the steps",
            XLabel = "step",
            YLabel = "perplexity",
            YMinimum = 0,
            Series = curves,
        }.ToSvg(), (string?)"The same tokens are judged each time.")]);
    }

    private static ChartSeries Curve(IReadOnlyList<MetricRecord> metrics, string name, string label) =>
        new(label, [.. metrics.Where(m => m.Values.ContainsKey(name)).Select(m => ((double)m.Step, m.Values[name]))]);

    private static IReadOnlyList<string> Row(string name, LanguageNumbers n) =>
        [name, Format.Number(n.Perplexity), Format.Number(n.Loss, 4), n.BitsPerCharacter is { } bits ? Format.Number(bits, 4) : "", Format.Percent(n.Accuracy)];
}
