namespace Espalier.Networks.Vision;

/// <summary>Weights that belong to the cells of a patch grid, for another grid: bicubic interpolation.</summary>
internal static class GridResampling
{
    /// <summary>A matrix that maps tokens to tokens: over its outputs, then over its inputs, so that a row keeps its sum: [..., n_out, n_in].</summary>
    public static Tensor Matrix(Tensor matrix, PatchGrid from, PatchGrid to) => Inputs(Outputs(matrix, from, to, -2), from, to);

    /// <summary>What reads tokens: the values are spread over more or fewer of them, so that a row keeps its sum: [..., n].</summary>
    public static Tensor Inputs(Tensor matrix, PatchGrid from, PatchGrid to) =>
        Outputs(matrix, from, to, -1) * ((double)from.Tokens / to.Tokens);

    /// <summary>What stands at each token, such as a bias or a position embedding: n values along a dimension.</summary>
    public static Tensor Outputs(Tensor values, PatchGrid from, PatchGrid to, int dimension)
    {
        Tensor last = values.movedim([dimension], [-1]);
        long[] others = last.shape[..^1];
        Tensor maps = last.reshape(1, -1, from.Rows, from.Columns);
        Tensor resized = torch.nn.functional.interpolate(maps, [to.Rows, to.Columns], mode: torch.InterpolationMode.Bicubic, align_corners: false);
        return resized.reshape([.. others, to.Tokens]).movedim([-1], [dimension]);
    }
}
