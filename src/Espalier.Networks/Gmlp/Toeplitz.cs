using Espalier.Errors;
using Espalier.Networks.Vision;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// Toeplitz matrices: constant along diagonals, W[i,j] = w[(n-1) + (j-i)], and so the same filter at every position. The
/// spatial matrices of gMLP become such by themselves (Liu et al. 2021, Fig. 9).
/// </summary>
public static class Toeplitz
{
    /// <summary>The mean of each diagonal: the nearest Toeplitz matrix in the Frobenius norm.</summary>
    /// <param name="matrix">[n, n].</param>
    /// <returns>w, [2n-1], from the lower left corner to the upper right; belongs to the caller's dispose scope.</returns>
    /// <exception cref="ShapeException">The matrix is not square.</exception>
    public static Tensor DiagonalMeans(Tensor matrix)
    {
        RequireSquare(matrix);
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        long n = matrix.shape[0];
        Tensor index = Diagonals(n, matrix.device).flatten();
        Tensor sums = torch.zeros([2 * n - 1], dtype: matrix.dtype, device: matrix.device).index_add_(0, index, matrix.detach().reshape(-1), 1);
        Tensor counts = n - (torch.arange(2 * n - 1, device: matrix.device) - (n - 1)).abs();
        return (sums / counts).MoveToOuterDisposeScope();
    }

    /// <summary>The matrix of diagonals.</summary>
    /// <param name="diagonals">w, [2n-1].</param>
    /// <returns>[n, n]; belongs to the caller's dispose scope.</returns>
    public static Tensor Matrix(Tensor diagonals)
    {
        long n = (diagonals.shape[0] + 1) / 2;
        using Tensor index = Diagonals(n, diagonals.device);
        using Tensor flat = index.flatten();
        using Tensor values = diagonals.index_select(0, flat);
        return values.view(n, n).clone();
    }

    /// <summary>
    /// How nearly a matrix is Toeplitz: 1 - |W - T(W)|²/|W|² with T the diagonal means. 1 is shift invariant; a random matrix has
    /// about (2n-1)/n².
    /// </summary>
    /// <param name="matrix">W, [n, n].</param>
    /// <returns>In [0, 1]; 1 for the zero matrix, which is Toeplitz.</returns>
    /// <exception cref="ShapeException">The matrix is not square.</exception>
    public static double Score(Tensor matrix)
    {
        RequireSquare(matrix);
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor w = matrix.detach().to(torch.float64);
        double total = w.pow(2).sum().item<double>();
        return total == 0 ? 1 : 1 - (w - Matrix(DiagonalMeans(w))).pow(2).sum().item<double>() / total;
    }

    /// <summary>
    /// How nearly a matrix over the cells of a grid is shift invariant in both directions: 1 - |W - T(W)|²/|W|² with T the means
    /// over all pairs of cells of one displacement. A random matrix has about (2 rows - 1)(2 columns - 1)/n².
    /// </summary>
    /// <param name="matrix">W, [n, n], tokens row by row over the grid.</param>
    /// <param name="grid">The grid of the n tokens.</param>
    /// <returns>In [0, 1]; 1 for the zero matrix.</returns>
    /// <exception cref="ShapeException">The matrix is not the grid's.</exception>
    public static double Score(Tensor matrix, PatchGrid grid)
    {
        if (matrix.dim() != 2 || matrix.shape[0] != grid.Tokens || matrix.shape[1] != grid.Tokens)
            throw new ShapeException("the matrix", matrix.shape, $"[{grid.Tokens}, {grid.Tokens}], as the grid of {grid.Rows} x {grid.Columns} has it");
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor w = matrix.detach().to(torch.float64).flatten();
        double total = w.pow(2).sum().item<double>();
        if (total == 0)
            return 1;
        long[] displacement = new long[grid.Tokens * grid.Tokens];
        for (int i = 0; i < grid.Tokens; i++)
        {
            for (int j = 0; j < grid.Tokens; j++)
            {
                int down = j / grid.Columns - i / grid.Columns + grid.Rows - 1, right = j % grid.Columns - i % grid.Columns + grid.Columns - 1;
                displacement[i * grid.Tokens + j] = down * (2 * grid.Columns - 1) + right;
            }
        }

        int displacements = (2 * grid.Rows - 1) * (2 * grid.Columns - 1);
        Tensor index = torch.tensor(displacement, device: matrix.device);
        Tensor sums = torch.zeros(displacements, dtype: torch.float64, device: matrix.device).index_add_(0, index, w, 1);
        Tensor counts = torch.zeros(displacements, dtype: torch.float64, device: matrix.device).index_add_(0, index, torch.ones_like(w), 1);
        Tensor residual = w - (sums / counts).index_select(0, index);
        return 1 - residual.pow(2).sum().item<double>() / total;
    }

    // Entry [i, j] is (n-1) + (j-i).
    internal static Tensor Diagonals(long n, torch.Device? device = null)
    {
        using Tensor row = torch.arange(n, device: device).unsqueeze(0);
        using Tensor column = torch.arange(n, device: device).unsqueeze(1);
        using Tensor difference = row - column;
        return difference + (n - 1);
    }

    private static void RequireSquare(Tensor matrix)
    {
        if (matrix.dim() != 2 || matrix.shape[0] != matrix.shape[1])
            throw new ShapeException("the matrix", matrix.shape, "[n, n]");
    }
}
