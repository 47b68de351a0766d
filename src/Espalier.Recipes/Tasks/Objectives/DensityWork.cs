using Espalier.Recipes.Engine;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>How likely a density finds the test images, as a part of the report; <see cref="DensityStage"/> leaves the record.</summary>
internal sealed class DensityWork : RecordedWork<DensityRecord>
{
    public override string Key => "density";

    public override IEnumerable<(string Name, double Value)> Numbers(DensityRecord record) => [];

    public override void Write(DensityRecord record, HtmlReport report, ReportContext context) => DensitySection.Write(report, context.Run, record);

    public override IEnumerable<SummaryCard> Cards(DensityRecord record)
    {
        yield return new(Format.Number(record.Ema ?? record.Raw, 3), "bits for each pixel", $"{Format.Count(record.Samples)} test images; 8 without a model");
    }
}
