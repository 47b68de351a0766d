using Espalier.Errors;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Vision;

namespace Espalier.Tests.Networks;

public sealed class ToeplitzTests
{
    [Fact]
    public void A_matrix_is_laid_out_as_in_the_paper()
    {
        using var scope = torch.NewDisposeScope();
        Tensor w = torch.tensor(new double[] { 1, 2, 3, 4, 5 });
        Tensor matrix = Toeplitz.Matrix(w);
        Assert.Equal([3, 4, 5, 2, 3, 4, 1, 2, 3], matrix.data<double>().ToArray());
        Assert.Equal([1, 2, 3, 4, 5], Toeplitz.DiagonalMeans(matrix).data<double>().ToArray());
        Assert.Equal(1, Toeplitz.Score(matrix), 1e-12);
    }

    [Fact]
    public void A_random_matrix_scores_as_many_diagonals_as_it_has_entries()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        double mean = Enumerable.Range(0, 200).Average(_ => Toeplitz.Score(torch.randn([16, 16], generator: generator)));
        Assert.Equal(31.0 / 256, mean, 0.005);
    }

    /// <summary>The residual is orthogonal to every Toeplitz matrix, so no other one is nearer.</summary>
    [Fact]
    public void Diagonal_means_are_the_projection()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(2);
        Tensor matrix = torch.randn([7, 7], dtype: torch.float64, generator: generator);
        Tensor residual = matrix - Toeplitz.Matrix(Toeplitz.DiagonalMeans(matrix));
        Tensor other = Toeplitz.Matrix(torch.randn([13], dtype: torch.float64, generator: generator));
        Assert.Equal(0, (residual * other).sum().item<double>(), 1e-12);
        Assert.Throws<ShapeException>(() => Toeplitz.Score(torch.zeros(2, 3)));
    }

    [Fact]
    public void On_a_grid_one_filter_at_every_position_scores_1()
    {
        // W of a 2-D convolution with zero padding: shift invariant on the grid, but not along the line of tokens.
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        var grid = new PatchGrid(3, 4);
        Tensor kernel = torch.randn([1, 1, 5, 7], generator: generator);
        Tensor columns = torch.nn.functional.conv2d(torch.eye(12).view(12, 1, 3, 4), kernel, padding: [2L, 3L]).view(12, 12);
        Assert.Equal(1, Toeplitz.Score(columns.t(), grid), 1e-6);
        Assert.True(Toeplitz.Score(columns.t()) < 0.99);
        double mean = Enumerable.Range(0, 200).Average(_ => Toeplitz.Score(torch.randn([12, 12], generator: generator), grid));
        Assert.Equal(5 * 7 / 144.0, mean, 0.01);
        Assert.Throws<ShapeException>(() => Toeplitz.Score(torch.zeros(4, 4), grid));
    }

    [Fact]
    public void A_dense_text_model_becomes_a_Toeplitz_one_by_diagonal_means()
    {
        using var scope = torch.NewDisposeScope();
        var options = new GmlpTextOptions { Vocabulary = 9, MaxLength = 7, DModel = 6, DFfn = 12, Layers = 2, SpatialForm = SpatialForm.Dense, SpatialHeads = 2, SpatialInitStd = 0.3 };
        using var dense = new GmlpTextEncoder(options, seed: 1);
        using (torch.no_grad())
        {
            foreach (GmlpBlock block in dense.Blocks)
                block.Gate.Projection.Weight.copy_(torch.stack([Toeplitz.Matrix(torch.randn(13)), Toeplitz.Matrix(torch.randn(13))]));
        }

        using GmlpTextEncoder converted = dense.ToToeplitz();
        Assert.Equal([2, 13], converted.Blocks[0].Gate.Projection.Weight.shape);
        dense.eval();
        converted.eval();
        Tensor ids = torch.tensor(new long[] { 3, 1, 4, 1, 5 }, [1, 5]);
        Assert.InRange((dense.call(ids) - converted.call(ids)).abs().max().item<float>(), 0, 1e-5);
    }
}
