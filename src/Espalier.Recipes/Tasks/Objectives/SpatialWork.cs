using System.Globalization;
using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Vision;
using Espalier.Recipes.Engine;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What the spatial matrices of a gMLP learned: filters and how nearly they are shift invariant.</summary>
internal sealed class SpatialWork : RecordedWork<SpatialRecord>
{
    public override string Key => "spatial";

    public override IEnumerable<(string Name, double Value)> Numbers(SpatialRecord record) => [];

    public override void Write(SpatialRecord record, HtmlReport report, ReportContext context)
    {
        Run run = context.Run;
        if (!File.Exists(run.WeightsPath))
            return;
        IReadOnlyList<StoredSpatialMatrix> matrices = StoredSpatialMatrix.Read(run.WeightsPath);
        PatchGrid? grid = ModelZoo.IsText(record.Network) ? null : SpatialFilters.SquareGrid(matrices[0].Tokens);
        MatrixSheet sheet = SpatialFilters.Sheet(matrices, grid);
        report.Section("Spatial filters", "Every block mixes tokens by a learned matrix. Near zero at the start, its rows become filters; the more alike they are at every position, the nearer the Toeplitz score is to 1.");
        report.Html($"<img alt=\"Spatial filters by layer\" style=\"max-width:100%\" src=\"data:image/png;base64,{Convert.ToBase64String(sheet.ToPng())}\">");
        report.Table(["layer", "tokens", "Toeplitz score", "a random matrix"], matrices.Select((m, i) => (IReadOnlyList<string>)
        [
            (i + 1).ToString(CultureInfo.InvariantCulture), m.Tokens.ToString(CultureInfo.InvariantCulture), SpatialFilters.Score(m, grid).ToString("0.000", CultureInfo.InvariantCulture),
            SpatialFilters.RandomScore(m.Tokens, grid).ToString("0.000", CultureInfo.InvariantCulture),
        ]));
    }
}
