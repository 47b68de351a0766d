using Espalier.Anomaly.Density;
using Espalier.Networks.Density;
using static TorchSharp.torch;

namespace Espalier.Tests.Networks;

public sealed class PixelCnnTests
{
    [Fact]
    public void The_published_network_has_33615_weights()
    {
        using var model = new PixelCnn(new());

        Assert.Equal(33_615, model.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void The_probabilities_of_a_pixel_sum_to_one()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        Tensor mixture = randn([2, 3, 5, 4, 4], dtype: float64, generator: generator) * 2;
        Tensor sum = zeros(2, 4, 4, dtype: float64);
        for (int k = 0; k < 256; k++)
            sum += DiscretizedLogistic.LogProbability(full([2, 4, 4], (2 * k / 255.0) - 1, dtype: float64), mixture).exp();

        Assert.All(sum.flatten().data<double>().ToArray(), s => Assert.Equal(1, s, 9));
    }

    [Fact]
    public void A_step_of_one_logistic_is_the_difference_of_its_distribution_function()
    {
        using var scope = NewDisposeScope();
        const double mean = 0.1, scale = 0.2;
        Tensor mixture = tensor(new[] { 0, mean, Math.Log(scale) }).view(1, 3, 1, 1, 1);

        foreach (int k in new[] { 0, 1, 100, 140, 254, 255 })
        {
            double x = (2 * k / 255.0) - 1;
            double upper = k == 255 ? 1 : Sigmoid((x + (1 / 255.0) - mean) / scale);
            double lower = k == 0 ? 0 : Sigmoid((x - (1 / 255.0) - mean) / scale);
            Assert.Equal(Math.Log(upper - lower), DiscretizedLogistic.LogProbability(full([1, 1, 1], x, dtype: float64), mixture).item<double>(), 8);
        }

        static double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));
    }

    [Fact]
    public void A_pixel_depends_on_those_before_it_alone()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        using var model = new PixelCnn(new() { Channels = 8, Blocks = 2, Mixtures = 2 }, seed: 3);
        Tensor image = rand([1, 1, 7, 6], generator: generator);
        Tensor before = model.call(image);

        Tensor changed = image.clone();
        changed[0, 0, 3, 2] += 0.5;
        Tensor difference = (model.call(changed) - before).abs().sum([0L, 1L, 2L]);      // [height, width]

        for (int row = 0; row < 7; row++)
        {
            for (int column = 0; column < 6; column++)
            {
                if ((row * 6) + column <= (3 * 6) + 2)
                    Assert.Equal(0, difference[row, column].item<float>());
            }
        }

        Assert.True(difference[3, 3].item<float>() > 0);
        Assert.True(difference[4, 2].item<float>() > 0);
    }

    [Fact]
    public void Bits_are_the_likelihood_over_the_pixels()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        using var model = new PixelCnn(new() { Channels = 8, Blocks = 1, Mixtures = 2 }, seed: 3);
        Tensor images = (rand([5, 1, 6, 6], generator: generator) * 255).round() / 255;

        double[] bits = new BitsPerDimension(model) { BatchSize = 2 }.Score(images).data<double>().ToArray();

        double[] expected = [.. model.NegativeLogLikelihood(images).detach().data<float>().ToArray().Select(n => n / (36 * Math.Log(2)))];
        Assert.Equal(expected, bits, (a, b) => Math.Abs(a - b) < 1e-5);
        double[] flat = new BitsPerDimension(model) { ForComplexity = true }.Score(cat([images, zeros_like(images)])).data<double>().ToArray();
        Assert.True(bits[0] - flat[0] > new BitsPerDimension(model).Score(zeros_like(images)).data<double>()[0] - flat[5]);
    }
}
