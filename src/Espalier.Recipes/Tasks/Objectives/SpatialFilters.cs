using System.Globalization;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Vision;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>
/// The filters that a gMLP learned, as pictures (Liu et al. 2021, Figures 3, 4 and 9): for images rows of W laid out on the
/// patch grid, for text W itself.
/// </summary>
public static class SpatialFilters
{
    private const int FiltersPerLayer = 8;
    private const int MostLayers = 12;

    /// <summary>The sheet of a weights file.</summary>
    /// <param name="matrices">The spatial matrices.</param>
    /// <param name="grid">The patch grid of an image model; null where W is to be shown as it is.</param>
    public static MatrixSheet Sheet(IReadOnlyList<StoredSpatialMatrix> matrices, PatchGrid? grid)
    {
        // Deep networks: layers at equal distances, the first and the last among them.
        int shown = Math.Min(MostLayers, matrices.Count);
        int[] layers = [.. Enumerable.Range(0, shown).Select(i => shown == 1 ? 0 : (int)Math.Round((double)i * (matrices.Count - 1) / (shown - 1)))];
        return new MatrixSheet(grid is null ? "W of each layer: row = output position, column = input position" : "Rows of W on the patch grid: what tokens at eight positions read")
        {
            CellSize = grid is null ? 160 : 88,
            Rows = [.. layers.Select(layer => (
                string.Create(CultureInfo.InvariantCulture, $"layer {layer + 1}\nToeplitz {Score(matrices[layer], grid):0.00}"),
                (IReadOnlyList<MatrixSheet.Matrix>)(grid is { } g ? Filters(matrices[layer], g) : [new(matrices[layer].Values, matrices[layer].Tokens, matrices[layer].Tokens)])))],
        };
    }

    /// <summary>The patch grid of a matrix whose tokens form a square; null where they do not.</summary>
    /// <param name="tokens">Number of tokens n.</param>
    public static PatchGrid? SquareGrid(int tokens)
    {
        int side = (int)Math.Round(Math.Sqrt(tokens));
        return side * side == tokens ? new PatchGrid(side, side) : null;
    }

    /// <summary>How nearly a matrix is shift invariant: over the grid where there is one, else along the line of tokens.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="grid">The patch grid; null for text.</param>
    public static double Score(StoredSpatialMatrix matrix, PatchGrid? grid) => grid is { } g ? matrix.ScoreOn(g) : matrix.Score;

    /// <summary>What a random matrix scores on average.</summary>
    /// <param name="tokens">Number of tokens n.</param>
    /// <param name="grid">The patch grid; null for text.</param>
    public static double RandomScore(int tokens, PatchGrid? grid) => (grid is { } g ? (2.0 * g.Rows - 1) * (2.0 * g.Columns - 1) : 2.0 * tokens - 1) / ((double)tokens * tokens);

    // Positions spread over the grid, corners included.
    private static MatrixSheet.Matrix[] Filters(StoredSpatialMatrix matrix, PatchGrid grid) =>
    [
        .. Enumerable.Range(0, FiltersPerLayer).Select(i =>
        {
            int row = (int)Math.Round((double)(i / 4) * (grid.Rows - 1) / 2 + (grid.Rows - 1) / 4.0);
            int column = (int)Math.Round((double)(i % 4) * (grid.Columns - 1) / 3);
            int token = Math.Min(row, grid.Rows - 1) * grid.Columns + column;
            return new MatrixSheet.Matrix([.. matrix.Values.Skip(token * matrix.Tokens).Take(matrix.Tokens)], grid.Rows, grid.Columns);
        }),
    ];
}
