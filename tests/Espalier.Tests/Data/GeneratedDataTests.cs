using Espalier.Data;
using Espalier.Data.Sources;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class GeneratedDataTests
{
    private static float[] Inputs(Dataset data)
    {
        using LabelledBatch all = data.All();
        return all.Inputs.data<float>().ToArray();
    }

    [Fact]
    public void Moons_without_noise_lie_on_their_circles()
    {
        using Dataset moons = TwoMoons.Generate(101, noise: 0);
        float[] x = Inputs(moons);
        long[] labels = moons.LabelArray();
        Assert.Equal(50, labels.Sum());
        for (int i = 0; i < 101; i++)
        {
            (double cx, double cy) = labels[i] == 0 ? (0, 0) : (1, 0.5);
            Assert.Equal(1, Math.Sqrt(Math.Pow(x[2 * i] - cx, 2) + Math.Pow(x[(2 * i) + 1] - cy, 2)), 5);
            Assert.True(labels[i] == 0 ? x[(2 * i) + 1] >= -1e-6 : x[(2 * i) + 1] <= 0.5 + 1e-6);
        }
    }

    [Fact]
    public void Noise_has_the_deviation_asked_for()
    {
        using Dataset clean = TwoMoons.Generate(20_000, noise: 0, seed: 3);
        using Dataset noisy = TwoMoons.Generate(20_000, noise: 0.25, seed: 3);
        double[] gaps = [.. Inputs(clean).Zip(Inputs(noisy), (a, b) => (double)(b - a))];
        Assert.Equal(0, gaps.Average(), 2);
        Assert.Equal(0.25, Math.Sqrt(gaps.Average(g => g * g)), 2);
        // Third and fourth moments of a normal distribution: 0 and 3.
        Assert.InRange(gaps.Average(g => Math.Pow(g / 0.25, 3)), -0.1, 0.1);
        Assert.InRange(gaps.Average(g => Math.Pow(g / 0.25, 4)), 2.85, 3.15);
    }

    [Fact]
    public void The_seed_decides()
    {
        using Dataset a = GaussianBlobs.Generate(60, seed: 1);
        using Dataset b = GaussianBlobs.Generate(60, seed: 1);
        using Dataset c = GaussianBlobs.Generate(60, seed: 2);
        Assert.Equal(Inputs(a), Inputs(b));
        Assert.NotEqual(Inputs(a), Inputs(c));
    }

    [Fact]
    public void Blobs_scatter_around_their_centres()
    {
        using Dataset blobs = GaussianBlobs.Generate(30_000, classes: 3, features: 4, spread: 2);
        using Dataset centres = GaussianBlobs.Generate(3, classes: 3, features: 4, spread: 0);
        float[] x = Inputs(blobs);
        float[] mu = Inputs(centres);
        Assert.All(mu, m => Assert.InRange(m, -10, 10));
        for (int j = 0; j < 12; j++)
        {
            double[] values = [.. Enumerable.Range(0, 10_000).Select(i => (double)x[(((3 * i) + (j / 4)) * 4) + (j % 4)])];
            Assert.InRange(values.Average() - mu[j], -0.1, 0.1);
            Assert.InRange(values.Average(v => Math.Pow(v - mu[j], 2)), 3.8, 4.2);
        }
    }

    [Fact]
    public void Bad_options_are_refused()
    {
        Assert.Throws<OptionsException>(() => TwoMoons.Generate(1));
        Assert.Throws<OptionsException>(() => TwoMoons.Generate(noise: -1));
        Assert.Throws<OptionsException>(() => GaussianBlobs.Generate(classes: 1));
        Assert.Throws<OptionsException>(() => GaussianBlobs.Generate(features: 0));
    }
}
