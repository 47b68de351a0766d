using Espalier.Networks;
using Espalier.Tests.Robustness;

namespace Espalier.Tests.Networks;

public sealed class ConvNetTests
{
    [Theory]
    [InlineData("trades_smallcnn", 312_202)]
    [InlineData("tiny_cnn", 78_906)]
    public void The_published_shapes_have_the_published_sizes(string name, long parameters)
    {
        using var module = ModelZoo.Create(new ModelOptions { Name = name }, [1, 28, 28], 10, 1);
        Assert.Equal(parameters, module.parameters().Sum(p => p.numel()));
        Assert.Throws<ShapeException>(() => module.call(torch.zeros(1, 1, 27, 28)));
    }

    [Fact]
    public void Images_must_outlast_the_convolutions() =>
        Assert.Throws<OptionsException>(() => ModelZoo.Create(new ModelOptions { Name = "trades_smallcnn" }, [1, 9, 9], 10, 1));

    [Theory]
    [InlineData("trades_smallcnn", new[] { -2.1589, 0.38521, 1.0748, 0.36502, -0.000155, -2.5860, -5.9125, 8.1366, -1.1427, 1.8431 })]
    [InlineData("tiny_std", new[] { -3.11504, -5.26656, 2.78366, 5.27874, -8.58617, -2.89704, -18.99656, 13.55530, -0.86938, 2.44429 })]
    [InlineData("tiny_at", new[] { -3.78162, -4.75667, 0.18729, 0.53753, -4.96701, -3.49563, -10.93928, 9.01243, -2.11304, 0.41742 })]
    public void Published_weights_give_the_published_logits(string name, double[] logits)
    {
        using var victim = Victim.Open(name, 1);
        using var scope = torch.NewDisposeScope();
        double[] own = victim.Classifier.Logits(victim.Inputs).flatten().to(torch.float64).data<double>().ToArray();
        Assert.All(own.Zip(logits), p => Assert.Equal(p.Second, p.First, 2e-4));
    }

    [Theory]
    [InlineData(1, 12, 5, 2, 2, 28, 28)]
    [InlineData(12, 24, 3, 2, 1, 14, 14)]
    [InlineData(3, 4, 3, 2, 0, 9, 12)]
    [InlineData(2, 5, 4, 3, 1, 11, 10)]
    [InlineData(2, 3, 2, 4, 0, 9, 9)]
    public void A_strided_convolution_over_squares_is_the_same(int channels, int filters, int kernel, int stride, int padding, int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        using var layer = torch.nn.Conv2d(channels, filters, kernel, stride: stride, padding: padding).to(torch.float64);
        Tensor input = torch.randn([3, channels, height, width], dtype: torch.float64, generator: generator).requires_grad_(true);
        Tensor plain = layer.call(input);
        Tensor squares = StridedConvolution.Apply((TorchSharp.Modules.Conv2d)layer, input, stride, padding);
        Assert.Equal(plain.shape, squares.shape);
        Assert.InRange((plain - squares).abs().max().ToDouble(), 0, 1e-12);
        Tensor direction = torch.randn(plain.shape, dtype: torch.float64, generator: generator);
        Tensor wanted = torch.autograd.grad([(plain * direction).sum()], [input])[0];
        Tensor found = torch.autograd.grad([(squares * direction).sum()], [input])[0];
        Assert.InRange((wanted - found).abs().max().ToDouble(), 0, 1e-12);
    }
}
