using Espalier.Networks.Layers;
using static TorchSharp.torch;

namespace Espalier.Tests.Networks;

/// <summary>The maximum of pairs of pixels beside libtorch's own.</summary>
public class PairPoolingTests
{
    [Theory]
    [InlineData(24, 24)]
    [InlineData(8, 8)]
    [InlineData(7, 9)]
    [InlineData(2, 3)]
    [InlineData(5, 30)]
    public void It_is_that_of_libtorch_there_and_back(int height, int width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);

        // Few different values, so that many are equal.
        Tensor input = randint(-3, 3, [3, 4, height, width], generator: generator).to(float32).requires_grad_(true);
        Tensor found = PairPooling.Maximum(input, 2);
        Tensor wanted = nn.functional.max_pool2d(input, 2);
        Tensor direction = randn(wanted.shape, generator: generator);
        AssertSame(wanted, found);
        AssertSame(autograd.grad([wanted], [input], [direction])[0], autograd.grad([found], [input], [direction])[0]);
        using var noGradients = no_grad();
        AssertSame(nn.functional.max_pool2d(input.permute(0, 1, 3, 2), 2), PairPooling.Maximum(input.permute(0, 1, 3, 2), 2));
    }

    [Fact]
    public void What_is_no_number_is_handed_on()
    {
        using var scope = NewDisposeScope();
        Tensor input = zeros(1, 1, 2, 20);
        input[0, 0, 1, 3] = float.NaN;
        input[0, 0, 0, 19] = float.NaN;
        Assert.Equal([1L, 9L], PairPooling.Maximum(input, 2).flatten().isnan().nonzero().flatten().data<long>().ToArray());
    }

    [Fact]
    public void Gradients_have_derivatives_too()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        Tensor input = randn([2, 3, 5, 10], generator: generator).requires_grad_(true);
        Assert.True(Twice(PairPooling.Maximum(input, 2)).allclose(Twice(nn.functional.max_pool2d(input, 2))));

        Tensor Twice(Tensor output)
        {
            Tensor first = autograd.grad([output.pow(3).sum()], [input], retain_graph: true, create_graph: true)[0];
            return autograd.grad([first.pow(2).sum()], [input])[0];
        }
    }

    private static void AssertSame(Tensor wanted, Tensor found)
    {
        Assert.Equal(wanted.shape, found.shape);
        Assert.Equal(wanted.detach().contiguous().data<float>().ToArray(), found.detach().contiguous().data<float>().ToArray());
    }
}
