using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.MinimumNorm;

namespace Espalier.Tests.Robustness.MinimumNorm;

/// <summary>FAB-T's targets side by side: what comes of an example, and what it costs.</summary>
public sealed class StackedTargetsTests
{
    private const int Count = 60;
    private const int Features = 12;
    private const int Classes = 5;
    private const int Steps = 15;

    private static Tensor Random(int seed, params long[] shape)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn(shape, generator: generator);
    }

    private static (LinearClassifier Model, Tensor X, Tensor Labels) Linear()
    {
        var model = new LinearClassifier(Random(1, Classes, Features), Random(2, Classes), InputBounds.Unbounded);
        Tensor x = Random(3, Count, Features);
        return (model, x, model.Predict(x));
    }

    /// <summary>Per example and wrong class, the likeliest first, the closed form (z_y - z_k) / |w_y - w_k|₁.</summary>
    private static double[][] Distances(Tensor x, Tensor labels)
    {
        Tensor weight = Random(1, Classes, Features);
        Tensor z = x.matmul(weight.t()) + Random(2, Classes);
        return [.. Enumerable.Range(0, Count).Select(i =>
        {
            long y = labels[i].item<long>();
            return Enumerable.Range(0, Classes).Where(k => k != y).OrderByDescending(k => z[i, k].ToDouble())
                .Select(k => (z[i, y] - z[i, k]).ToDouble() / (weight[y] - weight[k]).abs().sum().ToDouble()).ToArray();
        })];
    }

    [Fact]
    public void The_nearest_of_all_boundaries_is_found_and_every_step_counted()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Linear();
        double[][] distances = Distances(x, labels);
        using AttackResult result = new FastAdaptiveBoundary(new() { Steps = Steps, Targets = 9 }).Run(model, x, labels);
        for (int i = 0; i < Count; i++)
        {
            Assert.InRange(result.PerturbationNorms[i] / distances[i].Min(), 1 - 1e-5, 1.01);
            Assert.Equal(Steps * (Classes - 1), result.GradientsPerSample[i]);
            Assert.Equal(1 + (2 * Steps * (Classes - 1)), result.QueriesPerSample[i]);
        }

        // The nearest is not always the likeliest: the others matter.
        Assert.InRange(distances.Count(d => d.Min() < d[0] * 0.99), 3, Count);
    }

    [Fact]
    public void Who_falls_to_the_likeliest_class_spends_nothing_on_the_others()
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Linear();
        double[][] distances = Distances(x, labels);

        // Between the nearest boundary of one example and that to its likeliest wrong class.
        double[] corner = distances.MaxBy(d => d[0] / d.Min())!;
        double epsilon = Math.Sqrt(corner[0] * corner.Min());
        using AttackResult result = new FastAdaptiveBoundary(new() { Steps = Steps, Targets = 9, Epsilon = epsilon, StopWhenFooled = true }).Run(model, x, labels);
        int[] atOnce = [.. Enumerable.Range(0, Count).Where(i => 1.06 * distances[i][0] < epsilon)];
        Assert.InRange(atOnce.Length, 3, Count);

        // On a linear model one step crosses, by the overshoot of 5 %.
        Assert.All(atOnce, i => Assert.Equal((1L, 3L), (result.GradientsPerSample[i], result.QueriesPerSample[i])));
        int[] standing = [.. Enumerable.Range(0, Count).Where(i => distances[i].Min() > 1.001 * epsilon)];
        Assert.All(standing, i => Assert.False(result.Success[i]));
        Assert.All(standing, i => Assert.Equal(Steps * (Classes - 1), result.GradientsPerSample[i]));

        // The other classes are approached side by side: a step of each at most, after all those toward the first.
        int[] later = [.. Enumerable.Range(0, Count).Where(i => distances[i][0] > epsilon && 1.06 * distances[i].Min() < epsilon)];
        Assert.All(later, i => Assert.True(result.Success[i]));
        Assert.All(later, i => Assert.InRange(result.GradientsPerSample[i], 1, Steps + Classes - 2));
        Assert.InRange(later.Length, 1, Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Batches_change_nothing(bool stops)
    {
        using var scope = torch.NewDisposeScope();
        (LinearClassifier model, Tensor x, Tensor labels) = Linear();
        (x, labels) = (x.narrow(0, 0, 24), labels.narrow(0, 0, 24));
        AttackResult Run(int batchSize) =>
            new FastAdaptiveBoundary(new() { Steps = Steps, Targets = 3, Restarts = 2, Epsilon = 0.12, StopWhenFooled = stops, BatchSize = batchSize }).Run(model, x, labels);
        using AttackResult whole = Run(256);
        Assert.InRange(whole.Success.Count(s => s), 2, 22);
        foreach (int batchSize in (int[])[1, 7])
        {
            using AttackResult parts = Run(batchSize);
            Assert.Equal(whole.Success, parts.Success);
            Assert.Equal(whole.GradientsPerSample, parts.GradientsPerSample);
            Assert.Equal(whole.QueriesPerSample, parts.QueriesPerSample);
            Assert.InRange((whole.Adversarials - parts.Adversarials).abs().max().ToDouble(), 0, 1e-5);
        }
    }
}
