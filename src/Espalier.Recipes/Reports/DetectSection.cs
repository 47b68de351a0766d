using System.Globalization;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Reports;

/// <summary>Whether inputs that are nothing like the training data can be told from those that are.</summary>
internal static class DetectSection
{
    public static void Write(HtmlReport report, DetectRecord record)
    {
        report.Section("Detection", $"The model is shown inputs that have nothing to do with its task. The detector ({record.Detector}) gives every input a score; the further the two histograms lie apart, the better they are told apart.");
        report.Table(
            ["outliers", "count", "AUROC", "AUPR", "AUPR by chance", string.Create(CultureInfo.InvariantCulture, $"FPR at {100 * record.RecallLevel:0.#}% TPR")],
            record.Outliers.Select(o => (IReadOnlyList<string>)[Name(o.Kind), Format.Count(o.Scores.Count), Format.Number(o.Auroc), Format.Number(o.Aupr), Format.Number(o.AuprBaseRate), Format.Number(o.FalsePositiveRate)]));
        report.Panels(record.Outliers.Select(o => (Name(o.Kind), Examples(record, o) + new HistogramChart
        {
            Description = $"Scores of test inputs and of {Name(o.Kind)}",
            XLabel = "score (right: unusual)",
            Samples = [("test inputs", record.InScores), (Name(o.Kind), o.Scores)],
        }.ToSvg(), (string?)null)));
    }

    private static string Examples(DetectRecord record, DetectedOutliers outliers) => PixelImage.IsImage(record.InputShape)
        ? $"<div class=\"strip\">{string.Concat(outliers.Examples.Select(e => PixelImage.ToHtml(e, record.InputShape, record.Range.Lower, record.Range.Upper, "")))}</div>"
        : "";

    private static string Name(string kind) => kind switch
    {
        "gaussian" => "Gaussian noise",
        "rademacher" => "Rademacher noise",
        "blobs" => "blurred blobs",
        "pixel-shuffle" => "pixel-shuffled inputs",
        _ => kind,
    };
}
