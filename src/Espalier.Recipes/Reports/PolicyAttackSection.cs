using System.Globalization;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Regions;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Reports;

/// <summary>What is left under attacks by policy, what each stage did and cost, and whether the numbers can be believed.</summary>
internal static class PolicyAttackSection
{
    private const int MostExamples = 6;

    public static void Write(HtmlReport report, AttackRecord record)
    {
        if (record.Policies.Count == 0)
            return;
        report.Section("Attack policies", "Out of 100 test inputs, how many the model still gets right under the strongest attacks known here. It is an upper bound: an attack that nobody has thought of may find more.");
        report.Table(["attack", "radius", "without attack", "under attack", "95% interval", "gradients per input", "queries per input", "seconds", "confirmed"], record.Policies.Select(Row));
        report.Panels(("What it cost", Costs(record.Policies), "Accuracy left after each stage against what it had cost by then; a query without a gradient counts half."));
        report.Panels(record.Policies.GroupBy(p => (p.Name, p.Report.Norm)).Where(g => g.Count() > 1).Select(Curve));
        foreach (PolicyAttackRecord policy in record.Policies)
            WriteOne(report, record, policy);
    }

    private static void WriteOne(HtmlReport report, AttackRecord record, PolicyAttackRecord policy)
    {
        RobustnessReport r = policy.Report;
        report.Section(FormattableString.Invariant($"Attack {policy.Name}"), $"{r.Attack}; {Threat(r)}, seed {r.Seed}, {r.Count} inputs{(r.Undecided > 0 ? $", {r.Undecided} not reached within the budget" : "")}.");
        report.Table(["stage", "fooled first", "gradients", "queries", "seconds"], r.Stages.Select(s => (IReadOnlyList<string>)
            [s.Name, Format.Count(s.Fooled), Format.Count(s.Gradients), Format.Count(s.Queries), Format.Number(s.Seconds, 1)]));
        if (r.Findings.Count > 0)
            report.Table(["sign", "evidence", "what to do"], r.Findings.Select(f => (IReadOnlyList<string>)[f.Code, f.Evidence, f.Action]));
        else
            report.Paragraph("Nothing suggests that the model hides its gradients rather than resists.");
        report.Panels(("Confusion under attack", new ConfusionChart { ClassNames = record.ClassNames, Counts = policy.Confusion }.ToHtml(), "Rows are the true classes of inputs that the model gets right without an attack."));
        if (policy.Examples.Count > 0 && PixelImage.IsImage(record.InputShape))
        {
            report.Panels(("The hardest that fell", $"<div class=\"strip\">{string.Concat(policy.Examples.Take(MostExamples).Select(e => Group(record, e)))}</div>",
                "The input, what the attack made of it, and the change: red where values rose, blue where they fell, in full colour at the largest."));
        }
    }

    private static (string Heading, string Html, string? Note) Curve(IGrouping<(string Name, Norm Norm), PolicyAttackRecord> group) => ($"Robust accuracy under {group.Key.Name}", new LineChart
    {
        Description = $"Robust accuracy under {group.Key.Name} against the radius",
        XLabel = Norms.Radius(group.Key.Norm),
        YLabel = "robust accuracy",
        YMinimum = 0,
        YMaximum = 1,
        Series = [new ChartSeries("", [(0, group.First().Report.CleanAccuracy), .. group.Select(p => (p.Report.Epsilon, p.Report.RobustAccuracy)).Where(p => p.Epsilon > 0).OrderBy(p => p.Epsilon)]) { Markers = true }],
    }.ToSvg(), "Each radius was attacked anew.");

    private static IReadOnlyList<string> Row(PolicyAttackRecord policy)
    {
        RobustnessReport r = policy.Report;
        return
        [
            policy.Name, Threat(r), Format.Percent(r.CleanAccuracy), Format.Percent(r.RobustAccuracy),
            $"{Format.Percent(r.RobustInterval.Low)} to {Format.Percent(r.RobustInterval.High)}",
            Format.Number(r.GradientsPerExample, 1), Format.Number(r.QueriesPerExample, 1), Format.Number(r.WallSeconds, 1),
            $"{r.Verification.Confirmed} of {r.Verification.Claimed}{(r.Verification.EightBitLost is { } lost ? $", {lost} lost in 8 bits" : "")}",
        ];
    }

    private static string Threat(RobustnessReport r) => double.IsFinite(r.Epsilon)
        ? string.Create(CultureInfo.InvariantCulture, $"{Norms.Name(r.Norm)} {r.Epsilon:0.####}")
        : "not bounded by a norm";

    private static string Costs(IReadOnlyList<PolicyAttackRecord> policies) => new LineChart
    {
        Description = "Accuracy left against the cost of the attack",
        XLabel = "gradients per input",
        YLabel = "accuracy left",
        YMaximum = 1,
        Series = [.. policies.Select(p => new ChartSeries(p.Name, [.. Steps(p.Report)]) { Markers = true })],
    }.ToSvg();

    private static IEnumerable<(double X, double Y)> Steps(RobustnessReport r)
    {
        (double cost, double left) = (0, r.CleanAccuracy);
        yield return (cost, left);
        foreach (AttackStageTally stage in r.Stages)
        {
            cost += (stage.Gradients + ((stage.Queries - stage.Gradients) / 2.0)) / r.Count;
            left -= stage.Fooled / (double)r.Count;
            yield return (cost, left);
        }
    }

    private static string Group(AttackRecord record, AttackExample example)
    {
        double limit = example.Clean.Values.Zip(example.Adversarial.Values, (c, a) => Math.Abs(a - (double)c)).Max();
        string change = PixelImage.ChangeToHtml(example.Clean.Values, example.Adversarial.Values, record.InputShape, limit, string.Create(CultureInfo.InvariantCulture, $"change of at most {limit:0.###}"));
        return $"<div class=\"group\">{Image(record, example.Clean)}{Image(record, example.Adversarial)}{change}</div>";
    }

    private static string Image(AttackRecord record, ImageSample sample) =>
        PixelImage.ToHtml(sample.Values, record.InputShape, record.Range.Lower, record.Range.Upper, $"{record.ClassNames[sample.Predicted]}, {Format.Percent(sample.Confidence)}");
}
