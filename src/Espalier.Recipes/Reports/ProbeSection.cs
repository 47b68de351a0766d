using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Reports;

/// <summary>What simple classifiers make of the features.</summary>
internal static class ProbeSection
{
    public static void Write(HtmlReport report, ProbeRecord record)
    {
        report.Section("Probe", $"A linear classifier and nearest neighbours learn the labels from frozen features of {Format.Count(record.TrainSamples)} training samples and are judged on {Format.Count(record.TestSamples)} test samples. What they gain over an untrained encoder is what the training taught it. Spread is 1 where features point in all directions and 0 where they have collapsed into one; effective rank is how many dimensions they use.");
        foreach (ProbedFeatures collapsed in record.Probed.Where(p => p.IsCollapsed))
            report.Paragraph($"Warning: the {collapsed.Features}'s features have collapsed: they spread by {Format.Number(collapsed.Spread, 3)} only, so that nearly all inputs look alike. {Collapse.Remedy}.");
        report.Table(
            ["features", "dimensions", "linear probe", "nearest neighbours", "spread", "effective rank"],
            record.Probed.Select(p => (IReadOnlyList<string>)[p.Features, Format.Count(p.Dimensions), Format.Percent(p.Linear), Format.Percent(p.Knn), Format.Number(p.Spread, 2), Format.Number(p.EffectiveRank, 1)]));
    }
}
