using Espalier.Errors;
using Espalier.Representation.Losses;

namespace Espalier.Tests.Representation;

public sealed class NtXentLossTests
{
    [Theory]
    [InlineData(.1, 61.91053092375101, -3.024482142878886, -3.9749717752537936, 3.842949498864745)]
    [InlineData(.5, 17.954804927522172, -0.6009793393827157, -0.8479567576165343, 0.8088129822407146)]
    public void Loss_and_gradient_equal_pytorchs(double temperature, double expected, double g0, double g1, double g2)
    {
        // torch 1.13: F.cross_entropy of z zᵀ/T with a masked diagonal, reduction 'sum', z = F.normalize(cat([a, b])).
        using var scope = torch.NewDisposeScope();
        var loss = new NtXentLoss(new() { Temperature = temperature });
        Tensor a = Waves.Matrix(4, 3, .7), b = Waves.Matrix(4, 3, 1.3);
        Assert.Equal(expected, loss.Sum(a, b).ToDouble(), 10);
        (double value, Tensor gradA, _) = loss.LossAndGradient(a, b);
        Assert.Equal(expected, value, 10);
        Assert.Equal(g0, gradA[0, 0].ToDouble(), 10);
        Assert.Equal(g1, gradA[0, 1].ToDouble(), 10);
        Assert.Equal(g2, gradA[0, 2].ToDouble(), 10);
    }

    [Theory]
    [InlineData(8192, torch.ScalarType.Float64, 1e-10)]
    [InlineData(9, torch.ScalarType.Float64, 1e-10)]
    [InlineData(2, torch.ScalarType.Float64, 1e-10)]
    [InlineData(8192, torch.ScalarType.Float32, 1e-6)]
    [InlineData(9, torch.ScalarType.Float32, 1e-6)]
    public void The_closed_form_gradient_equals_autograds(int atOnce, torch.ScalarType type, double tolerance)
    {
        using var scope = torch.NewDisposeScope();
        Tensor a = Embeddings(13, 6, 1, type), b = Embeddings(13, 6, 2, type);
        Tensor direct = new NtXentLoss(new() { Temperature = .2 }).Sum(a, b);
        direct.backward();
        (double loss, Tensor gradA, Tensor gradB) = new NtXentLoss(new() { Temperature = .2, MaxEmbeddingsAtOnce = atOnce }).LossAndGradient(a, b);
        Assert.Equal(direct.ToDouble(), loss, tolerance * 100);
        double scale = a.grad!.abs().max().ToDouble();
        Assert.True((a.grad! - gradA).abs().max().ToDouble() <= tolerance * scale);
        Assert.True((b.grad! - gradB).abs().max().ToDouble() <= tolerance * scale);
        Assert.Equal(scale, b.grad!.abs().max().ToDouble(), scale); // neither gradient is trivially zero
    }

    [Fact]
    public void In_blocks_the_sum_has_the_same_value_and_gradient()
    {
        using var scope = torch.NewDisposeScope();
        Tensor a = Embeddings(13, 6, 1, torch.float64), b = Embeddings(13, 6, 2, torch.float64);
        Tensor a2 = a.detach().clone().requires_grad_(), b2 = b.detach().clone().requires_grad_();
        Tensor direct = new NtXentLoss(new()).Sum(a, b), blocked = new NtXentLoss(new() { MaxEmbeddingsAtOnce = 10 }).Sum(a2, b2);
        (direct * 3).backward();
        (blocked * 3).backward();
        Assert.Equal(direct.ToDouble(), blocked.ToDouble(), 10);
        Assert.True(a.grad!.allclose(a2.grad!, 1e-10, 1e-10));
        Assert.True(b.grad!.allclose(b2.grad!, 1e-10, 1e-10));
    }

    [Fact]
    public void Orthogonal_pairs_have_the_loss_that_can_be_written_down()
    {
        // n unit vectors, both views alike: the partner has cosine 1, the 2n-2 others 0.
        using var scope = torch.NewDisposeScope();
        Tensor views = torch.eye(5, dtype: torch.float64);
        double expected = 10 * Math.Log(1 + (8 * Math.Exp(-1 / .5)));
        Assert.Equal(expected, new NtXentLoss(new() { Temperature = .5 }).Sum(views, views * 7).ToDouble(), 10);
        Assert.Equal(10, NtXentLoss.Weight(5));
    }

    [Fact]
    public void The_gradient_at_an_embedding_of_zero_is_finite()
    {
        using var scope = torch.NewDisposeScope();
        Tensor a = Waves.Matrix(4, 3, .7);
        a[1] = 0;
        (double loss, Tensor grad, _) = new NtXentLoss(new()).LossAndGradient(a, Waves.Matrix(4, 3, 1.3));
        Assert.True(double.IsFinite(loss));
        Assert.True(grad.isfinite().all().item<bool>());
    }

    [Fact]
    public void One_sample_or_a_temperature_of_zero_is_refused()
    {
        Assert.Throws<ShapeException>(() => new NtXentLoss(new()).Sum(torch.rand(1, 3), torch.rand(1, 3)));
        Assert.Throws<ShapeException>(() => new NtXentLoss(new()).LossAndGradient(torch.rand(3, 3), torch.rand(3, 4)));
        Assert.Equal("temperature", Assert.Throws<OptionsException>(() => new NtXentLoss(new() { Temperature = 0 })).Option);
    }

    private static Tensor Embeddings(int n, int d, ulong seed, torch.ScalarType type) =>
        torch.randn(n, d, dtype: type, generator: new torch.Generator(seed)).mul_(2).requires_grad_();
}
