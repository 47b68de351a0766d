using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Tests.Anomaly;

public sealed class OutlierGeneratorTests
{
    private static Dataset Images(int count = 12) => new("images", torch.rand(count, 3, 5, 4), torch.zeros(count, dtype: torch.int64), ["one"]);

    [Fact]
    public void Gaussian_noise_has_the_moments_of_a_clipped_normal()
    {
        // clip(N(1/2, 1/4), 0, 1): an atom of Phi(-1) at each end; variance (1 - 2 phi(1))/4 within, plus the atoms'.
        using var scope = torch.NewDisposeScope();
        Tensor x = new GaussianNoise().Generate(2000, [3, 8, 8], InputBounds.Unit, seed: 1);
        double tail = 0.15865525393;
        double density = Math.Exp(-0.5) / Math.Sqrt(2 * Math.PI);
        double variance = (1 - 2 * tail - 2 * density) / 4 + 2 * tail * 0.25;
        Assert.Equal(0.5, x.mean().ToDouble(), 0.003);
        Assert.Equal(variance, x.var().ToDouble(), 0.002);
        Assert.Equal(tail, x.eq(0).to(torch.float32).mean().ToDouble(), 0.003);
        Assert.Equal(tail, x.eq(1).to(torch.float32).mean().ToDouble(), 0.003);

        // The paper's form for standardised inputs: clip(N(0, 0.5²), -1, 1).
        Tensor standardised = new GaussianNoise(0.25).Generate(2000, [3, 8, 8], InputBounds.Uniform(-1, 1), seed: 1);
        Assert.Equal(0.0227501, standardised.eq(1).to(torch.float32).mean().ToDouble(), 0.001);
    }

    [Fact]
    public void Rademacher_noise_sits_on_the_bounds_of_each_feature()
    {
        using var scope = torch.NewDisposeScope();
        Tensor x = new RademacherNoise().Generate(20_000, [2], InputBounds.PerFeature([-3, 10], [5, 20]), seed: 2);
        Assert.Equal([-3f, 5f], x.select(1, 0).unique().output.data<float>().ToArray());
        Assert.Equal([10f, 20f], x.select(1, 1).unique().output.data<float>().ToArray());
        Assert.Equal(1, x.select(1, 0).mean().ToDouble(), 0.1);
        Assert.Equal(15, x.select(1, 1).mean().ToDouble(), 0.13);
    }

    [Fact]
    public void Blobs_are_the_thresholded_blur()
    {
        // The blur of a white field of mean 0.7 keeps that mean; against a direct convolution, channel by channel.
        using var scope = torch.NewDisposeScope();
        const int Seed = 3;
        Tensor blobs = new Blobs().Generate(4, [3, 12, 10], InputBounds.Unit, Seed);
        using var generator = new torch.Generator(Seed);
        double[] noise = torch.empty(4, 3, 12, 10).bernoulli_(0.7, generator).to(torch.float64).flatten().data<double>().ToArray();
        double[] kernel = [.. Enumerable.Range(-6, 13).Select(k => Math.Exp(-k * k / 4.5))];
        double sum = kernel.Sum();
        double At(int c, int i, int j) => noise[(Math.Clamp(c, 0, 2) * 12 + Math.Clamp(i, 0, 11)) * 10 + Math.Clamp(j, 0, 9)];
        foreach ((int c, int i, int j) in new[] { (0, 0, 0), (1, 6, 5), (2, 11, 9), (0, 3, 8), (2, 7, 1) })
        {
            double value = 0;
            for (int a = -6; a <= 6; a++)
            {
                for (int b = -6; b <= 6; b++)
                {
                    for (int d = -6; d <= 6; d++)
                        value += kernel[a + 6] * kernel[b + 6] * kernel[d + 6] / (sum * sum * sum) * At(c + a, i + b, j + d);
                }
            }

            Assert.Equal(value < 0.75 ? 0 : value, blobs[0, c, i, j].ToDouble(), 1e-5);
        }

        Tensor many = new Blobs().Generate(200, [1, 28, 28], InputBounds.Uniform(-1, 1), seed: 4);
        double share = many.gt(-1).to(torch.float32).mean().ToDouble();
        Assert.InRange(share, 0.1, 0.4);
        Assert.True(many.gt(-1).logical_and(many.lt(0.5 - 1e-6)).any().item<bool>() == false);
    }

    [Fact]
    public void Shuffled_images_keep_their_pixels_whole_and_no_image_is_used_twice()
    {
        using var scope = torch.NewDisposeScope();
        using Dataset source = Images();
        Tensor shuffled = new PixelShuffle().Generate(12, source.InputShape, source.Bounds, seed: 5, source);
        Tensor originals = source.All().Inputs;

        // An image is known by the sum of its sorted pixels' first channel.
        static string[] Pixels(Tensor image) => [.. Enumerable.Range(0, 20)
            .Select(p => string.Join(' ', Enumerable.Range(0, 3).Select(c => image[c, p / 4, p % 4].ToSingle().ToString("R"))))
            .Order(StringComparer.Ordinal)];
        var before = Enumerable.Range(0, 12).Select(i => string.Join('|', Pixels(originals[i]))).Order(StringComparer.Ordinal);
        var after = Enumerable.Range(0, 12).Select(i => string.Join('|', Pixels(shuffled[i]))).Order(StringComparer.Ordinal);
        Assert.Equal(before, after);
        Assert.True(shuffled.unsqueeze(1).ne(originals.unsqueeze(0)).flatten(2).any(2).all().item<bool>());
        Assert.Equal(30, new PixelShuffle().Generate(30, source.InputShape, source.Bounds, seed: 5, source).shape[0]);
    }

    [Fact]
    public void The_seed_gives_the_outliers_and_they_stay_in_bounds()
    {
        using var scope = torch.NewDisposeScope();
        using var source = new Dataset("digits", torch.rand(40, 3, 6, 8), torch.arange(40).remainder(10), [.. Enumerable.Range(0, 10).Select(d => $"{d}")]);
        InputBounds bounds = InputBounds.Uniform(0, 1);
        foreach (string name in OutlierGenerator.Names)
        {
            OutlierGenerator generator = OutlierGenerator.Create(name);
            Assert.Equal(name, generator.Name);
            if (generator.NeedsFiles && DataFolders.FromEnvironment().Local is null)
                continue;
            Assert.True(generator.MakesFrom(source));
            Tensor Make(int seed) => generator.Generate(6, [3, 6, 8], bounds, seed, source);
            Tensor first = Make(1);
            Assert.Equal([6, 3, 6, 8], first.shape);
            Assert.Equal(torch.float32, first.dtype);
            Assert.True(first.eq(Make(1)).all().item<bool>());
            Assert.False(first.eq(Make(2)).all().item<bool>());
            Assert.True(bounds.Clamp(first).eq(first).all().item<bool>());
        }
    }

    [Fact]
    public void What_cannot_be_made_is_refused()
    {
        using Dataset source = Images();
        Assert.Throws<OptionsException>(() => new GaussianNoise().Generate(0, [2], InputBounds.Unit, 1));
        Assert.Throws<OptionsException>(() => new GaussianNoise().Generate(1, [2], InputBounds.Unbounded, 1));
        Assert.Throws<OptionsException>(() => new PixelShuffle().Generate(1, [3, 5, 4], InputBounds.Unit, 1));
        Assert.Throws<ShapeException>(() => new Blobs().Generate(1, [9], InputBounds.Unit, 1));
        Assert.Throws<ShapeException>(() => new PixelShuffle().Generate(1, [3, 4, 5], InputBounds.Unit, 1, source));
        Assert.Throws<NotFoundException>(() => OutlierGenerator.Create("blob-like"));
    }
}
