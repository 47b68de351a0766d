using System.Globalization;
using System.Text;
using System.Text.Json;
using Espalier.Anomaly.Evaluation;
using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Metrics;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Detection;

/// <summary>
/// Runs all detectors on a model against near and far outliers under the paper's protocol, and leaves in a run's folder
/// <c>comparison.json</c>, <c>.csv</c> and <c>.md</c>, the raw scores in <c>scores.npz</c>, the curves in <c>curves.json</c>, and a report.
/// </summary>
public static class DetectorComparison
{
    private const int CurvePoints = 200;

    private static readonly string[] FarGenerators = ["gaussian", "rademacher", "blobs", "pixel-shuffle"];

    /// <summary>Compares.</summary>
    /// <param name="target">The model and its data.</param>
    /// <param name="options">Detectors and outliers.</param>
    /// <param name="run">Where everything goes.</param>
    /// <param name="seed">What is drawn is a function of this.</param>
    /// <param name="progress">Told how much is done, in [0, 1].</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="EspalierException">As <see cref="OodBenchmark.Run"/>; the outliers are missing or of another kind than the model takes.</exception>
    public static DetectorComparisonRecord Run(AuditTarget target, DetectorComparisonOptions options, Run run, int seed = 0, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        options.Validate();
        using DetectionModel model = DetectionModel.Of(target.Classifier, options.Layer);
        using var scope = torch.NewDisposeScope();
        DatasetSplits splits = target.Splits;
        LabelledBatch fit = splits.Train.First(options.Fit);
        LabelledBatch heldOut = splits.Validation.All();
        LabelledBatch test = splits.Test.First(options.Samples);
        int count = options.Count ?? Math.Max(1, (int)(2 * options.Protocol.OutliersPerInlier * test.Inputs.shape[0]));
        var sets = new List<OutlierSet>();
        Add(options.Near, OutlierGroup.Near, splits.Test);
        Add(options.Near.Count + options.Far.Count > 0 ? options.Far : [.. FarGenerators.Where(n => OutlierGenerator.Create(n).Makes(splits.Test.InputShape))], OutlierGroup.Far, splits.Test);
        Add(options.Validation ?? [.. OutlierGenerator.NamesFor(OutlierUse.Validation).Where(n => OutlierGenerator.Create(n) is var g && g.Makes(splits.Test.InputShape) && (!g.NeedsSource || g.MakesFrom(splits.Validation)))], OutlierGroup.Validation, splits.Validation);

        var benchmark = new OodBenchmark(new() { Detectors = options.Detectors, Protocol = options.Protocol with { Seed = seed } });
        OodBenchmarkResult result = benchmark.Run(model.Classifier, new OodBenchmarkData(fit.Inputs, fit.Labels, heldOut.Inputs, heldOut.Labels, test.Inputs, test.Labels), sets, progress, cancellationToken);
        var record = new DetectorComparisonRecord(target.Name, result.Accuracy, (int)test.Inputs.shape[0], (int)fit.Inputs.shape[0], result.Recommend(), result.Ranking, [.. Rows(result)],
            result.Errors, result.Temperature, result.Calibration, result.Skipped.ToDictionary(s => s.Detector, s => s.Reason));
        Write(run, record, result);
        return record;

        void Add(IReadOnlyList<string> names, OutlierGroup group, Dataset inliers)
        {
            foreach (string name in names)
            {
                cancellationToken.ThrowIfCancellationRequested();
                OutlierSource source = OutlierSource.Open(name);
                sets.Add(new OutlierSet(source.Name, DetectionModel.Load(target, source, count, seed, inliers), group));
            }
        }
    }

    private static IEnumerable<DetectorComparisonRow> Rows(OodBenchmarkResult result)
    {
        foreach (string detector in result.Detectors)
        {
            OodBenchmarkRow[] own = [.. result.Rows.Where(r => r.Detector == detector)];
            foreach (OodBenchmarkRow row in own)
                yield return new(detector, row.Set, Name(row.Group), row.Result.Mean, row.Result.Deviation);
            foreach ((string group, OodBenchmarkRow[] rows) in new[]
            {
                ("near", own.Where(r => r.Group == OutlierGroup.Near).ToArray()),
                ("far", own.Where(r => r.Group == OutlierGroup.Far).ToArray()),
                ("all", own.Where(r => r.Group != OutlierGroup.Validation).ToArray()),
            })
            {
                if (rows.Length == 0)
                    continue;
                yield return new(detector, "mean", group, Each(rows, v => v.Average(), v => v.Average()), null);
                yield return new(detector, "minimum", group, Each(rows, v => v.Min(), v => v.Max()), null);
            }
        }
    }

    // Of rates and errors the worst is the largest.
    private static DetectionMetrics Each(OodBenchmarkRow[] rows, Func<IEnumerable<double>, double> good, Func<IEnumerable<double>, double> bad) => new(
        good(rows.Select(r => r.Result.Mean.Auroc)),
        good(rows.Select(r => r.Result.Mean.AveragePrecision)),
        bad(rows.Select(r => r.Result.Mean.FalsePositiveRate)),
        good(rows.Select(r => r.Result.Mean.InlierAveragePrecision)),
        bad(rows.Select(r => r.Result.Mean.DetectionError)));

    private static void Write(Run run, DetectorComparisonRecord record, OodBenchmarkResult result)
    {
        AtomicFile.Replace(Path.Combine(run.Folder, "comparison.json"), JsonSerializer.Serialize(record, RecipeJson.Records));
        AtomicFile.Replace(Path.Combine(run.Folder, "comparison.csv"), Csv(record));
        AtomicFile.Replace(Path.Combine(run.Folder, "comparison.md"), Markdown(record));

        // An inlier's scores are those of the test, or of the held-out samples for validation sets; the same for every set of a group.
        var scores = new Dictionary<string, NpyArray>();
        var curves = new List<object>();
        foreach (OodBenchmarkRow row in result.Rows)
        {
            scores[$"{Safe(row.Detector)}/{Safe(row.Set)}"] = NpyArray.Of(row.Result.OutlierScores.ToArray());
            scores[$"{Safe(row.Detector)}/{(row.Group == OutlierGroup.Validation ? "held-out" : "test")}"] = NpyArray.Of(row.Result.InlierScores.ToArray());
            curves.Add(new { row.Detector, row.Set, Group = Name(row.Group), Roc = Roc(row.Result).Select(p => new[] { p.X, p.Y }), PrecisionRecall = PrecisionRecall(row.Result).Select(p => new[] { p.X, p.Y }) });
        }

        NpzFile.Write(Path.Combine(run.Folder, "scores.npz"), scores);
        AtomicFile.Replace(Path.Combine(run.Folder, "curves.json"), JsonSerializer.Serialize(curves, RecipeJson.Records));
        DetectorComparisonReport.Write(run, record, result);
        run.Summary.Set("detectors.accuracy", record.Accuracy);
        foreach (DetectorComparisonRow row in record.Rows.Where(r => r.Set == "mean"))
            run.Summary.Set($"detectors.{row.Detector}.{row.Group}.auroc", row.Mean.Auroc);
        run.Summary.Save();
    }

    /// <summary>False-positive rate and true-positive rate, thinned.</summary>
    internal static IReadOnlyList<(double X, double Y)> Roc(DetectionResult result)
    {
        RankedScores ranked = RankedScores.Of(result.OutlierScores.ToArray(), result.InlierScores.ToArray());
        return [(0, 0), .. Thinned(ranked).Select(i => ((double)ranked.FalsePositives[i] / ranked.Negatives, (double)ranked.TruePositives[i] / ranked.Positives))];
    }

    /// <summary>Recall and precision at the protocol's base rate, thinned.</summary>
    internal static IReadOnlyList<(double X, double Y)> PrecisionRecall(DetectionResult result)
    {
        RankedScores ranked = RankedScores.Of(result.OutlierScores.ToArray(), result.InlierScores.ToArray());
        double weight = result.BaseRate / (1 - result.BaseRate);
        return [.. Thinned(ranked).Select(i =>
        {
            double recall = (double)ranked.TruePositives[i] / ranked.Positives;
            double alarms = (double)ranked.FalsePositives[i] / ranked.Negatives;
            return (recall, recall * weight / ((recall * weight) + alarms));
        }).Where(p => double.IsFinite(p.Item2))];
    }

    private static IEnumerable<int> Thinned(RankedScores ranked)
    {
        int last = ranked.Thresholds.Count - 1;
        return Enumerable.Range(0, Math.Min(CurvePoints, last + 1)).Select(k => (int)((long)k * last / Math.Max(1, Math.Min(CurvePoints, last + 1) - 1))).Distinct();
    }

    private static string Csv(DetectorComparisonRecord record)
    {
        var text = new StringBuilder("detector,set,group,auroc,auroc_std,aupr,aupr_std,fpr,fpr_std,aupr_in,detection_error\n");
        foreach (DetectorComparisonRow row in record.Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"\"{row.Detector}\",{row.Set},{row.Group},{row.Mean.Auroc:R},{row.Deviation?.Auroc:R},{row.Mean.AveragePrecision:R},{row.Deviation?.AveragePrecision:R},")
                .Append(CultureInfo.InvariantCulture, $"{row.Mean.FalsePositiveRate:R},{row.Deviation?.FalsePositiveRate:R},{row.Mean.InlierAveragePrecision:R},{row.Mean.DetectionError:R}\n");
        }

        return text.ToString();
    }

    private static string Markdown(DetectorComparisonRecord record)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Detectors of {record.Model}\n\nTest accuracy {100 * record.Accuracy:0.00} %. Recommended: {record.Recommended ?? "none: there were no validation distributions"}.\n\n");
        string[] columns = [.. record.Rows.Where(r => r.Group != "validation").Select(r => r.Deviation is null ? $"{r.Set} {r.Group}" : r.Set).Distinct()];
        text.Append("AUROC in percent, mean ± population standard deviation over the draws.\n\n| detector | ").AppendJoin(" | ", columns).Append(" |\n|---").Append(string.Concat(Enumerable.Repeat("|---", columns.Length))).Append("|\n");
        foreach (IGrouping<string, DetectorComparisonRow> rows in record.Rows.Where(r => r.Group != "validation").GroupBy(r => r.Detector))
            text.Append(CultureInfo.InvariantCulture, $"| {rows.Key} | ").AppendJoin(" | ", rows.Select(r => string.Create(CultureInfo.InvariantCulture, $"{100 * r.Mean.Auroc:0.00}{(r.Deviation is { } d ? $" ± {100 * d.Auroc:0.00}" : "")}"))).Append(" |\n");
        return text.ToString();
    }

    private static string Safe(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_'));

    private static string Name(OutlierGroup group) => JsonNamingPolicy.CamelCase.ConvertName(group.ToString());
}
