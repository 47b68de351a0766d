using System.Globalization;
using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Vision;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Reports;

/// <summary>What the spatial matrices of a gMLP learned: filters and how nearly they are shift invariant.</summary>
internal static class SpatialSection
{
    public static void Write(HtmlReport report, Run run, Recipe recipe)
    {
        if (!File.Exists(run.WeightsPath) || !recipe.Model.Name.StartsWith("gmlp", StringComparison.Ordinal))
            return;
        IReadOnlyList<StoredSpatialMatrix> matrices = StoredSpatialMatrix.Read(run.WeightsPath);
        PatchGrid? grid = ModelZoo.IsText(recipe.Model.Name) ? null : SpatialFilters.SquareGrid(matrices[0].Tokens);
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
