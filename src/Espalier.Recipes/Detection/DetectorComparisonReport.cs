using System.Globalization;
using Espalier.Anomaly.Evaluation;
using Espalier.Files;
using Espalier.Recipes.Engine;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Detection;

/// <summary>A comparison of detectors as one page, and its charts as files.</summary>
internal static class DetectorComparisonReport
{
    private const int ShownCurves = 5;

    public static void Write(Run run, DetectorComparisonRecord record, OodBenchmarkResult result)
    {
        var report = new HtmlReport($"Detectors of {record.Model}", string.Create(CultureInfo.InvariantCulture, $"{run.Manifest.CreatedUtc:yyyy-MM-dd HH:mm} UTC, seed {run.Manifest.Seed}, {run.Manifest.Machine?.Cpu}"));
        string best = record.Recommended ?? result.Detectors[0];
        OodBenchmarkRow[] reported = [.. result.Rows.Where(r => r.Group != OutlierGroup.Validation)];
        report.Section("Summary", record.Recommended is null
            ? "There were no validation distributions, so none is recommended: choosing by the numbers below would make them too good."
            : $"Recommended: {record.Recommended}, the best on the validation distributions. The numbers below took no part in the choice.");
        var figures = new List<(string, string, string)> { (Format.Percent(record.Accuracy), "test accuracy", $"{Format.Count(record.TestSamples)} samples") };
        if (reported.Length > 0)
        {
            figures.Add((Format.Number(result.Mean(best).Auroc), $"mean AUROC of {best}", "1 is perfect, 0.5 is chance"));
            figures.Add((Format.Number(result.MinimumAuroc(best)), "worst set", "a mean hides a set that fails"));
        }

        report.KeyFigures(figures);
        if (record.Ranking.Count > 0)
        {
            report.Section("Choice", "All detectors on the validation distributions, against held-out samples; by these alone one is recommended.");
            report.Table(["detector", "mean AUROC", "worst set"], record.Ranking.Select(r => (IReadOnlyList<string>)[r.Detector, Format.Number(r.MeanAuroc, 4), Format.Number(r.MinimumAuroc, 4)]));
        }

        report.Section("Detectors", "Outliers are the positives: a share of them as the protocol says, mean and standard deviation over its draws.");
        foreach ((string group, string heading) in new[] { ("all", "over all sets"), ("near", "over near sets"), ("far", "over far sets") })
        {
            DetectorComparisonRow[] means = [.. record.Rows.Where(r => r.Set == "mean" && r.Group == group).OrderByDescending(r => r.Mean.Auroc)];
            if (means.Length == 0)
                continue;
            report.Paragraph($"Mean {heading}.");
            report.Table(["detector", "AUROC", "worst AUROC", "AUPR", "AUPR-In", "FPR", "detection error"], means.Select(r => (IReadOnlyList<string>)
            [
                r.Detector, Format.Number(r.Mean.Auroc, 4), Format.Number(record.Rows.Single(m => m.Set == "minimum" && m.Group == group && m.Detector == r.Detector).Mean.Auroc, 4),
                Format.Number(r.Mean.AveragePrecision, 4), Format.Number(r.Mean.InlierAveragePrecision, 4), Format.Number(r.Mean.FalsePositiveRate, 4), Format.Number(r.Mean.DetectionError, 4),
            ]));
        }

        report.Details("Every detector on every set", d => d.Table(["detector", "set", "group", "AUROC", "AUPR", "FPR"], record.Rows.Where(r => r.Deviation is not null).Select(r => (IReadOnlyList<string>)
            [r.Detector, r.Set, r.Group, Spread(r.Mean.Auroc, r.Deviation!.Auroc), Spread(r.Mean.AveragePrecision, r.Deviation.AveragePrecision), Spread(r.Mean.FalsePositiveRate, r.Deviation.FalsePositiveRate)])));
        Charts(run, report, record, result, best, reported);
        report.Section("Own mistakes", "Whether a detector also finds test samples that the model gets wrong.");
        report.Table(["detector", "AUROC", "AUPR", "FPR", "AURC (lower is better)"], record.Errors.Select(e => (IReadOnlyList<string>)
            [e.Detector, e.Metrics is { } m ? Format.Number(m.Auroc, 4) : "", e.Metrics is { } a ? Format.Number(a.AveragePrecision, 4) : "", e.Metrics is { } f ? Format.Number(f.FalsePositiveRate, 4) : "", Format.Number(e.RiskCoverage, 5)]));
        report.Section("Calibration", string.Create(CultureInfo.InvariantCulture, $"Temperature {record.Temperature:0.000}, chosen on held-out samples. Outliers are never right, so a confidence in them is a mistake."));
        report.Table(["confidence", "ECE", "NLL", "Brier", "RMS with outliers", "MAD with outliers", "soft F1"], record.Calibration.Select(c => (IReadOnlyList<string>)
            [c.Confidence, Format.Number(c.ExpectedError, 4), Shown(c.LogLoss), Shown(c.Brier), Shown(c.RootMeanSquare), Shown(c.MeanAbsolute), Shown(c.SoftF1)]));
        if (record.Skipped.Count > 0)
        {
            report.Section("Left out", "Detectors that do not suit this model.");
            report.Table(["detector", "why"], record.Skipped.Select(s => (IReadOnlyList<string>)[s.Key, s.Value]));
        }

        report.Code(run.Manifest.CommandLine ?? "");
        report.Save(run.ReportPath);

        static string Spread(double mean, double deviation) => string.Create(CultureInfo.InvariantCulture, $"{mean:0.0000} ± {deviation:0.0000}");
        static string Shown(double value) => double.IsNaN(value) ? "" : Format.Number(value, 4);
    }

    private static void Charts(Run run, HtmlReport report, DetectorComparisonRecord record, OodBenchmarkResult result, string best, OodBenchmarkRow[] reported)
    {
        string[] shown = [.. (record.Ranking.Count > 0 ? record.Ranking.Select(r => r.Detector) : result.Detectors).Take(ShownCurves)];
        report.Section("Curves", $"Of each set the ROC and precision-recall curves of {shown.Length} detectors, and the scores of {best}.");
        foreach (IGrouping<string, OodBenchmarkRow> set in reported.GroupBy(r => r.Set))
        {
            OodBenchmarkRow own = set.First(r => r.Detector == best);
            (string Heading, string Svg, string File)[] charts =
            [
                ($"{set.Key}: ROC", new LineChart
                {
                    Description = $"ROC curves on {set.Key}",
                    XLabel = "false alarms",
                    YLabel = "outliers found",
                    YMinimum = 0,
                    YMaximum = 1,
                    Series = [.. shown.Select(d => new ChartSeries(d, DetectorComparison.Roc(set.First(r => r.Detector == d).Result)))],
                }.ToSvg(), "roc"),
                ($"{set.Key}: precision and recall", new LineChart
                {
                    Description = $"Precision-recall curves on {set.Key}",
                    XLabel = "outliers found",
                    YLabel = "alarms that are right",
                    YMinimum = 0,
                    YMaximum = 1,
                    Series = [.. shown.Select(d => new ChartSeries(d, DetectorComparison.PrecisionRecall(set.First(r => r.Detector == d).Result)))],
                }.ToSvg(), "pr"),
                ($"{set.Key}: scores of {best}", new HistogramChart
                {
                    Description = $"Scores of {best} on test samples and on {set.Key}",
                    XLabel = "score (right: unusual)",
                    Samples = [("test", [.. own.Result.InlierScores.Select(s => (float)s)]), (set.Key, [.. own.Result.OutlierScores.Select(s => (float)s)])],
                }.ToSvg(), "scores"),
            ];
            foreach ((_, string svg, string file) in charts)
                AtomicFile.Replace(Path.Combine(run.Folder, "charts", $"{set.Key}-{file}.svg"), StandaloneSvg.Of(svg));
            report.Panels(charts.Select(c => (c.Heading, c.Svg, (string?)null)));
        }
    }
}
