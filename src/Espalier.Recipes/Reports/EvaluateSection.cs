using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Reports;

/// <summary>How good the model is, and whether its confidence can be believed.</summary>
internal static class EvaluateSection
{
    public static void Write(HtmlReport report, EvaluateRecord record)
    {
        EvaluationNumbers best = record.Ema ?? record.Raw;
        string which = record.Ema is null ? "" : " of the averaged weights";
        report.Section("Evaluation", $"Out of 100 test samples the model gets {best.Accuracy * 100:0.0} right. Its stated confidence is off by {best.Ece * 100:0.0} percentage points on average.");
        var rows = new List<IReadOnlyList<string>> { Row("as trained", record.Raw) };
        if (record.Ema is not null)
            rows.Add(Row("averaged (EMA)", record.Ema));
        report.Table(["weights", "accuracy", "log loss", "Brier", "ECE", "RMS calibration", "macro F1"], rows);
        report.Panels(
            ($"Confusion matrix{which}", new ConfusionChart { ClassNames = record.ClassNames, Counts = best.Confusion }.ToHtml(), null),
            ($"Reliability{which}", Reliability(best), $"A well calibrated model lies on the dashed line; below it, the model is too sure of itself. Each point stands for as many samples as any other."));
    }

    private static string Reliability(EvaluationNumbers numbers) => new LineChart
    {
        Description = "Accuracy against stated confidence",
        XLabel = "stated confidence",
        YLabel = "accuracy",
        YMinimum = 0,
        YMaximum = 1,
        Series =
        [
            new ChartSeries("perfect calibration", [(0, 0), (1, 1)]) { Reference = true },
            new ChartSeries("model", [.. numbers.Reliability.Select(b => (b.Confidence, b.Accuracy))]) { Markers = true },
        ],
    }.ToSvg();

    private static IReadOnlyList<string> Row(string name, EvaluationNumbers n) =>
        [name, Format.Percent(n.Accuracy), Format.Number(n.LogLoss, 4), Format.Number(n.Brier, 4), Format.Number(n.Ece, 4), Format.Number(n.RmsCalibration, 4), Format.Number(n.MacroF1, 4)];
}
