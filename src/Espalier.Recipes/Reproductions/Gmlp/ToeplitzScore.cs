namespace Espalier.Recipes.Reproductions;

/// <summary>
/// How shift-invariant a matrix that mixes tokens is: 1 - ||W - T(W)||² / ||W||², T the means of its diagonals. 1 where W
/// depends on the distance alone, about (2n-1)/n² for a random one.
/// </summary>
internal static class ToeplitzScore
{
    /// <param name="matrix">[n, n].</param>
    public static double Of(Tensor matrix)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        double total = matrix.to(torch.float64).square().sum().ToDouble();
        double explained = 0;
        for (long offset = 1 - matrix.shape[0]; offset < matrix.shape[0]; offset++)
        {
            using var diagonal = torch.NewDisposeScope();
            Tensor values = matrix.diagonal(offset).to(torch.float64);
            explained += values.numel() * Math.Pow(values.mean().ToDouble(), 2);
        }

        // ||W - T||² = ||W||² - ||T||², T being a projection.
        return explained / total;
    }
}
