using System.Globalization;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Reports;

/// <summary>How much of the accuracy is left when somebody tries to fool the model.</summary>
internal static class AttackSection
{
    public static void Write(HtmlReport report, Recipe recipe, AttackRecord record)
    {
        report.Section("Attack", $"Each of {record.Samples} test inputs is changed as little as the radius allows, in the direction that misleads the model most ({record.Method}). The curve shows the share still classified rightly; without an attack it is {Format.Percent(record.CleanAccuracy)}.");
        report.Panels(record.Curves.Select(curve => ($"Robust accuracy, {Norms.Name(curve.Norm)}", new LineChart
        {
            Description = $"Robust accuracy against the radius in {Norms.Name(curve.Norm)}",
            XLabel = Norms.Radius(curve.Norm),
            YLabel = "robust accuracy",
            YMinimum = 0,
            YMaximum = 1,
            Series = [new ChartSeries("", [(0, record.CleanAccuracy), .. curve.Points.Where(p => p.Epsilon > 0).Select(p => (p.Epsilon, p.RobustAccuracy))]) { Markers = true }],
        }.ToSvg(), (string?)"An input that falls at a smaller radius counts as fallen at every larger one.")));
        if (record.Examples.Count == 0 || !PixelImage.IsImage(record.InputShape))
            return;
        report.Panels(record.Examples.GroupBy(e => e.Norm).Select(group => (
            string.Create(CultureInfo.InvariantCulture, $"Fooled by {Norms.Name(group.Key)} changes of at most {group.First().Epsilon}"),
            $"<div class=\"strip\">{string.Concat(group.Select(e => Group(record, e)))}</div>",
            (string?)"Left the input, right what the attack made of it, with what the model says.")));
    }

    private static string Group(AttackRecord record, AttackExample example) =>
        $"<div class=\"group\">{Image(record, example.Clean)}{Image(record, example.Adversarial)}</div>";

    private static string Image(AttackRecord record, ImageSample sample) =>
        PixelImage.ToHtml(sample.Values, record.InputShape, record.Range.Lower, record.Range.Upper, $"{record.ClassNames[sample.Predicted]}, {Format.Percent(sample.Confidence)}");
}
