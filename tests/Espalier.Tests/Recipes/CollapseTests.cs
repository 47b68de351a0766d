using Espalier.Recipes.Reports;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Reports;

namespace Espalier.Tests.Recipes;

public sealed class CollapseTests
{
    [Fact]
    public void A_collapse_in_training_is_said()
    {
        Assert.Contains("collapsed", Collapse.Warning(new Dictionary<string, double> { ["spread"] = 0.02 }), StringComparison.Ordinal);
        Assert.Null(Collapse.Warning(new Dictionary<string, double> { ["spread"] = 0.9 }));
        Assert.Null(Collapse.Warning(new Dictionary<string, double> { ["accuracy"] = 0.02 }));
        Assert.Null(Collapse.Warning(null));
    }

    [Theory]
    [InlineData(0.01, true)]
    [InlineData(0.8, false)]
    public void Report_and_summary_raise_it(double spread, bool isCollapsed)
    {
        ProbedFeatures Probed(string name) => new(name, 8, 0.1, 0.1, spread, 1);
        var record = new ProbeRecord(100, 50, [Probed("encoder"), Probed("raw inputs")]);
        var report = new HtmlReport("probe", "of features");
        ProbeSection.Write(report, record);
        Assert.Equal(isCollapsed, report.ToString()!.Contains("have collapsed: they spread", StringComparison.Ordinal));
        Assert.Equal(isCollapsed, ProbeStage.Summarize(record).Contains(("probe.collapsed", 1.0)));

        // Raw inputs that look alike are no failure of a training.
        Assert.DoesNotContain(ProbeStage.Summarize(record), n => n.Name == "probe.raw.collapsed");
    }
}
