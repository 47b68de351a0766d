using Espalier.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Espalier.Tests.Networks;

/// <summary>The way back of convolutions by a product and a fold, beside libtorch's own in double precision.</summary>
public class FoldedConvolutionTests
{
    [Theory]
    [InlineData(1, 12, 5, 2, 2, 28, 28)]
    [InlineData(12, 24, 3, 2, 1, 14, 14)]
    [InlineData(3, 4, 3, 2, 0, 9, 12)]
    [InlineData(2, 5, 4, 3, 1, 11, 10)]
    [InlineData(2, 3, 2, 4, 0, 9, 9)]
    [InlineData(6, 8, 1, 2, 0, 7, 8)]
    [InlineData(1, 32, 3, 1, 0, 28, 28)]
    [InlineData(3, 5, 3, 1, 1, 6, 17)]
    [InlineData(4, 2, 5, 1, 2, 5, 5)]
    public void Its_gradients_are_those_of_the_layer(int channels, int filters, int kernel, int stride, int padding, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        (Conv2d layer, Conv2d exact) = Layers(channels, filters, kernel, stride, padding, generator);
        Tensor input = randn([3, channels, height, width], generator: generator).requires_grad_(true);
        Tensor inDouble = input.detach().to(float64).requires_grad_(true);
        Tensor found = FoldedConvolution.Apply(layer, input);
        Tensor wanted = exact.call(inDouble);
        Tensor direction = randn(wanted.shape, dtype: float64, generator: generator);
        Assert.Equal(wanted.shape, found.shape);
        Assert.Equal(layer.call(input).data<float>().ToArray(), found.data<float>().ToArray());

        Tensor[] ofExact = [.. autograd.grad([(wanted * direction).sum()], [inDouble, exact.weight!, exact.bias!])];
        Tensor[] ofFound = [.. autograd.grad([(found * direction.to(float32)).sum()], [input, layer.weight!, layer.bias!])];
        foreach ((Tensor one, Tensor other) in ofExact.Zip(ofFound))
            Assert.InRange((one - other.to(float64)).abs().max().ToDouble() / one.abs().max().ToDouble(), 0, 2e-6);
    }

    [Fact]
    public void More_images_than_fit_the_cache_make_no_difference()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        (Conv2d layer, _) = Layers(8, 16, 3, 2, 1, generator);
        Tensor input = randn([70, 8, 32, 32], generator: generator).requires_grad_(true);
        Tensor direction = randn([70, 16, 16, 16], generator: generator);
        Tensor all = autograd.grad([FoldedConvolution.Apply(layer, input)], [input], [direction])[0];
        for (int i = 0; i < 70; i += 23)
        {
            Tensor one = input.detach().narrow(0, i, 1).requires_grad_(true);
            Tensor alone = autograd.grad([FoldedConvolution.Apply(layer, one)], [one], [direction.narrow(0, i, 1)])[0];
            Assert.InRange((alone - all.narrow(0, i, 1)).abs().max().ToDouble(), 0, 1e-5);
        }
    }

    [Fact]
    public void An_empty_batch_has_an_empty_gradient()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        (Conv2d layer, _) = Layers(2, 3, 3, 2, 1, generator);
        Tensor input = zeros(0, 2, 6, 6).requires_grad_(true);
        Assert.Equal([0, 2, 6, 6], autograd.grad([FoldedConvolution.Apply(layer, input).sum()], [input])[0].shape);
    }

    /// <summary>A penalty on a gradient, as in contractive training: the derivative of the derivative.</summary>
    [Fact]
    public void Gradients_have_derivatives_too()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        (Conv2d layer, Conv2d exact) = Layers(2, 3, 3, 2, 1, generator);
        Tensor input = randn([2, 2, 7, 6], generator: generator).requires_grad_(true);
        Tensor inDouble = input.detach().to(float64).requires_grad_(true);
        Tensor[] found = Twice(FoldedConvolution.Apply(layer, input), input, layer);
        Tensor[] wanted = Twice(exact.call(inDouble), inDouble, exact);
        foreach ((Tensor one, Tensor other) in wanted.Zip(found))
            Assert.InRange((one - other.to(float64)).abs().max().ToDouble() / one.abs().max().ToDouble(), 0, 1e-5);

        static Tensor[] Twice(Tensor output, Tensor x, Conv2d convolution)
        {
            Tensor[] first = [.. autograd.grad([output.pow(3).sum()], [x, convolution.weight!, convolution.bias!], retain_graph: true, create_graph: true)];
            return [.. autograd.grad([first[0].pow(2).sum() + first[1].pow(2).sum() + first[2].pow(2).sum()], [x, convolution.weight!, convolution.bias!])];
        }
    }

    [Fact]
    public void A_hook_on_the_layer_sees_its_output()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        (Conv2d layer, _) = Layers(1, 2, 3, 2, 1, generator);
        double seen = 0;
        layer.register_forward_hook((_, _, output) =>
        {
            seen = output.sum().ToDouble();
            return null!;
        });
        Tensor output = FoldedConvolution.Apply(layer, ones(1, 1, 5, 5).requires_grad_(true));
        Assert.Equal(output.sum().ToDouble(), seen, 6);
    }

    private static (Conv2d Layer, Conv2d Exact) Layers(int channels, int filters, int kernel, int stride, int padding, Generator generator)
    {
        Conv2d layer = nn.Conv2d(channels, filters, kernel, stride: stride, padding: padding);
        Conv2d exact = nn.Conv2d(channels, filters, kernel, stride: stride, padding: padding, dtype: float64);
        using var noGradients = no_grad();
        layer.weight!.normal_(generator: generator);
        layer.bias!.normal_(generator: generator);
        exact.weight!.copy_(layer.weight!);
        exact.bias!.copy_(layer.bias!);
        return (layer, exact);
    }
}
