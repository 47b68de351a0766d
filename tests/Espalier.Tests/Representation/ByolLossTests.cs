using Espalier.Errors;
using Espalier.Representation.Losses;

namespace Espalier.Tests.Representation;

public sealed class ByolLossTests
{
    [Fact]
    public void It_equals_pytorchs_two_minus_two_cosines()
    {
        // torch 1.13: (2 - 2*F.cosine_similarity(a, b)).sum()
        using var scope = torch.NewDisposeScope();
        Assert.Equal(6.919585640342938, ByolLoss.Of(Waves.Matrix(4, 3, .7), Waves.Matrix(4, 3, 1.3)).ToDouble(), 12);
    }

    [Fact]
    public void Every_row_is_normalized_by_itself()
    {
        using var scope = torch.NewDisposeScope();
        Tensor a = Waves.Matrix(4, 3, .7), b = Waves.Matrix(4, 3, 1.3);
        Tensor factors = torch.tensor(new[] { .001, 1, 50, 1000 }).view(4, 1);
        Assert.Equal(ByolLoss.Of(a, b).ToDouble(), ByolLoss.Of(a * factors, b / factors).ToDouble(), 12);
        Assert.Equal(0, ByolLoss.Of(a, 3 * a).ToDouble(), 12);
        Assert.Equal(4 * 4, ByolLoss.Of(a, -a).ToDouble(), 12);
    }

    [Fact]
    public void The_gradient_reaches_the_predictions_only_and_is_finite_at_zero()
    {
        using var scope = torch.NewDisposeScope();
        Tensor a = Waves.Matrix(4, 3, .7), b = Waves.Matrix(4, 3, 1.3).requires_grad_();
        a[0] = 0;
        a.requires_grad_();
        ByolLoss.Of(a, b).backward();
        Assert.True(b.grad is null);
        Assert.True(a.grad!.isfinite().all().item<bool>());
        Assert.True(a.grad!.abs().sum().ToDouble() > 0);
    }

    [Fact]
    public void Different_shapes_are_refused() =>
        Assert.Throws<ShapeException>(() => ByolLoss.Of(torch.rand(4, 3), torch.rand(4, 2)));
}
