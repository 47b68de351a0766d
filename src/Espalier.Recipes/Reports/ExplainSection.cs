using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Reports;

/// <summary>What would have had to differ for another decision.</summary>
internal static class ExplainSection
{
    public static void Write(HtmlReport report, ExplainRecord record)
    {
        int valid = record.Explanations.Count(e => e.Valid);
        report.Section("Explanation", $"For {record.Explanations.Count} test inputs: the smallest change found that makes the model decide for another class ({record.Method}). {valid} of {record.Explanations.Count} reach it.");
        if (PixelImage.IsImage(record.InputShape))
        {
            double limit = record.Explanations.SelectMany(e => e.Original.Values.Zip(e.Counterfactual.Values, (a, b) => (double)Math.Abs(a - b))).DefaultIfEmpty(1).Max();
            report.Panels([("From the input to its counterfactual", $"<div class=\"strip\">{string.Concat(record.Explanations.Select(e => Group(record, e, limit)))}</div>",
                "Left the input, right the changed input, between them the change: red where ink is added, blue where it is taken away.")]);
        }

        report.Details("Every explanation as a table", r => r.Table(
            ["input", "decision", "wanted", "reached", "probability of the wanted class", "L1", "L2", "changed values"],
            record.Explanations.Select((e, i) => (IReadOnlyList<string>)
            [
                $"{i + 1}", record.ClassNames[e.Original.Predicted], record.ClassNames[e.Target], e.Valid ? "yes" : "no",
                Format.Percent(e.TargetProbability), Format.Number(e.L1), Format.Number(e.L2), $"{e.Changed}",
            ])));
    }

    private static string Group(ExplainRecord record, Explanation e, double limit) =>
        "<div class=\"group\">"
        + PixelImage.ToHtml(e.Original.Values, record.InputShape, record.Range.Lower, record.Range.Upper, $"{record.ClassNames[e.Original.Predicted]}, {Format.Percent(e.Original.Confidence)}")
        + PixelImage.ChangeToHtml(e.Original.Values, e.Counterfactual.Values, record.InputShape, limit, $"L1 {Format.Number(e.L1, 2)}")
        + PixelImage.ToHtml(e.Counterfactual.Values, record.InputShape, record.Range.Lower, record.Range.Upper, $"{record.ClassNames[e.Counterfactual.Predicted]}, {Format.Percent(e.Counterfactual.Confidence)}{(e.Valid ? "" : " (missed)")}")
        + "</div>";
}
