using Espalier.Errors;
using Espalier.Networks.Gmlp;

namespace Espalier.Tests.Networks;

public sealed class SpatialGatingUnitTests
{
    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, dtype: torch.float64, generator: generator);
    }

    private static SpatialGatingUnit RandomUnit(int channels, int tokens, SpatialForm form = SpatialForm.Dense, bool causal = false, GateForm gate = GateForm.MultiplicativeSplit)
    {
        var unit = new SpatialGatingUnit(channels, tokens, form, causal, gate);
        unit.to(torch.float64);
        using var _ = torch.no_grad();
        int seed = 1;
        foreach (var parameter in unit.parameters())
            parameter.copy_(Random(seed++, parameter.shape));
        return unit;
    }

    private static double LargestDifference(Tensor a, Tensor b) => (a - b).abs().max().ToDouble();

    [Fact]
    public void The_worked_example_comes_out()
    {
        // By hand: LayerNorm([3,5]) = [-1,1]*(1-5e-6), LayerNorm([-1,4]) = [-1,1]*(1-8e-7), then W and beta.
        using var scope = torch.NewDisposeScope();
        using var unit = new SpatialGatingUnit(4, 2);
        unit.to(torch.float64);
        using var _ = torch.no_grad();
        unit.Projection.Weight.copy_(torch.tensor(new[] { 0.5, -0.25, 0.1, 0.2 }).view(2, 2));
        unit.Projection.Bias.copy_(torch.tensor(new[] { 1, 0.9 }));
        Tensor z = torch.tensor(new double[] { 1, 2, 3, 5, 2, 0, -1, 4 }).view(1, 2, 4);
        double[] output = unit.call(z).reshape(-1).data<double>().ToArray();
        double[] expected = [0.7500023, 2.4999954, 1.2000013, 0];
        Assert.All(expected.Zip(output), pair => Assert.Equal(pair.First, pair.Second, 1e-7));
    }

    [Theory]
    [InlineData(8, 5)]
    [InlineData(8, 4)] // n = h: a bias broadcast over channels would go unnoticed elsewhere
    public void W_is_applied_by_rows_beta_by_positions_and_the_second_half_is_the_gate(int channels, int tokens)
    {
        using var scope = torch.NewDisposeScope();
        using SpatialGatingUnit unit = RandomUnit(channels, tokens);
        using var _ = torch.no_grad();
        Tensor z = Random(7, 2, tokens, channels);
        int half = channels / 2;
        double[] values = z.reshape(-1).data<double>().ToArray();
        double[] w = unit.Projection.Weight.reshape(-1).data<double>().ToArray();
        double[] beta = unit.Projection.Bias.data<double>().ToArray();
        double[] scale = unit.Norm.weight!.data<double>().ToArray();
        double[] shift = unit.Norm.bias!.data<double>().ToArray();
        double[] output = unit.call(z).reshape(-1).data<double>().ToArray();

        double Z(int b, int i, int c) => values[(b * tokens + i) * channels + c];
        double Normed(int b, int j, int c)
        {
            double mean = Enumerable.Range(0, half).Average(k => Z(b, j, half + k));
            double variance = Enumerable.Range(0, half).Average(k => Math.Pow(Z(b, j, half + k) - mean, 2));
            return (Z(b, j, half + c) - mean) / Math.Sqrt(variance + 1e-5) * scale[c] + shift[c];
        }

        for (int b = 0; b < 2; b++)
        {
            for (int i = 0; i < tokens; i++)
            {
                for (int c = 0; c < half; c++)
                {
                    double gate = beta[i] + Enumerable.Range(0, tokens).Sum(j => w[i * tokens + j] * Normed(b, j, c));
                    Assert.Equal(Z(b, i, c) * gate, output[(b * tokens + i) * half + c], 1e-10);
                }
            }
        }
    }

    [Theory]
    [InlineData(SpatialForm.Dense, false, GateForm.MultiplicativeSplit)]
    [InlineData(SpatialForm.Toeplitz, false, GateForm.MultiplicativeSplit)]
    [InlineData(SpatialForm.Dense, true, GateForm.MultiplicativeSplit)]
    [InlineData(SpatialForm.Toeplitz, true, GateForm.MultiplicativeSplit)]
    [InlineData(SpatialForm.Dense, false, GateForm.Multiplicative)]
    [InlineData(SpatialForm.Dense, false, GateForm.Additive)]
    [InlineData(SpatialForm.Dense, false, GateForm.Linear)]
    public void Gradients_match_finite_differences(SpatialForm form, bool causal, GateForm gate)
    {
        using var scope = torch.NewDisposeScope();
        using SpatialGatingUnit unit = RandomUnit(6, 3, form, causal, gate);
        Tensor z = Random(5, 2, 3, 6).requires_grad_(true);
        double error = FiniteDifferences.LargestError(() => unit.call(z), [z, .. unit.parameters()]);
        Assert.InRange(error, 0, 1e-7);
    }

    [Fact]
    public void A_Toeplitz_matrix_is_laid_out_as_documented()
    {
        using var scope = torch.NewDisposeScope();
        using var projection = new SpatialProjection(3, SpatialForm.Toeplitz);
        using var _ = torch.no_grad();
        projection.Weight.copy_(torch.tensor(new float[] { 1, 2, 3, 4, 5 }));
        Assert.Equal([3, 4, 5, 2, 3, 4, 1, 2, 3], projection.Matrix().reshape(-1).data<float>().ToArray());
    }

    [Fact]
    public void A_Toeplitz_gradient_is_the_dense_gradient_summed_along_diagonals()
    {
        const int Tokens = 4;
        using var scope = torch.NewDisposeScope();
        using SpatialGatingUnit toeplitz = RandomUnit(6, Tokens, SpatialForm.Toeplitz);
        using SpatialGatingUnit dense = RandomUnit(6, Tokens);
        using (torch.no_grad())
            dense.Projection.Weight.copy_(toeplitz.Projection.Matrix());
        Tensor z = Random(5, 2, Tokens, 6);
        using (torch.no_grad())
        {
            foreach (var (from, to) in toeplitz.parameters().Zip(dense.parameters()).Where(pair => pair.First.dim() == pair.Second.dim()))
                to.copy_(from);
        }

        toeplitz.call(z).pow(2).sum().backward();
        dense.call(z).pow(2).sum().backward();
        double[] actual = toeplitz.Projection.Weight.grad!.data<double>().ToArray();
        for (int k = 0; k < actual.Length; k++)
            Assert.Equal(dense.Projection.Weight.grad!.diagonal(k - (Tokens - 1)).sum().ToDouble(), actual[k], 1e-9);
    }

    [Theory]
    [InlineData(SpatialForm.Dense)]
    [InlineData(SpatialForm.Toeplitz)]
    public void A_causal_unit_never_looks_ahead(SpatialForm form)
    {
        using var scope = torch.NewDisposeScope();
        using SpatialGatingUnit unit = RandomUnit(6, 5, form, causal: true);
        using var _ = torch.no_grad();
        Tensor z = Random(3, 1, 5, 6);
        Tensor edited = z.clone();
        edited.narrow(1, 3, 2).copy_(Random(4, 1, 2, 6));
        Tensor before = unit.call(z);
        Tensor after = unit.call(edited);
        Assert.Equal(0, LargestDifference(before.narrow(1, 0, 3), after.narrow(1, 0, 3)));
        Assert.True(LargestDifference(before.narrow(1, 3, 2), after.narrow(1, 3, 2)) > 0.1);
    }

    [Fact]
    public void More_tokens_than_the_matrices_have_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        using var unit = new SpatialGatingUnit(4, 3);
        Assert.Throws<ShapeException>(() => unit.call(torch.zeros(1, 4, 4)));
        Assert.Throws<OptionsException>(() => new SpatialGatingUnit(5, 3));
    }
}
