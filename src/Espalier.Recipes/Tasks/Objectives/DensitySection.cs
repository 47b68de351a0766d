using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>How likely a density finds images of the kind that it was trained on.</summary>
internal static class DensitySection
{
    public static void Write(HtmlReport report, Run run, DensityRecord record)
    {
        double best = record.Ema ?? record.Raw;
        report.Section("Density", $"With this model a pixel of a test image takes {Format.Number(best, 3)} bits; without any it takes 8. A density finds simple images likely, whatever they show: few bits alone do not say that an image is an ordinary one.");
        var rows = new List<IReadOnlyList<string>> { Row("as trained", record.Raw, record.Values) };
        if (record.Ema is { } averaged)
            rows.Add(Row("averaged (EMA)", averaged, record.Values));
        report.Table(["weights", "bits for each value", "nats for an image"], rows);
        ValidationPanel.Write(report, run, "bitsPerDimension", "Bits while learning", "bits for each pixel");
    }

    private static IReadOnlyList<string> Row(string name, double bits, long values) => [name, Format.Number(bits, 4), Format.Number(bits * values * Math.Log(2), 1)];
}
