using Espalier.Representation.Evaluation;

namespace Espalier.Tests.Representation;

public sealed class LimitedMemoryBfgsTests
{
    [Fact]
    public void It_follows_rosenbrocks_valley_to_its_end()
    {
        double[] point = [.. Enumerable.Repeat(new[] { -1.2, 1 }, 5).SelectMany(p => p)];
        LimitedMemoryBfgs.Outcome outcome = LimitedMemoryBfgs.Minimize(Rosenbrock, point, 1e-9, 500, 10, TestContext.Current.CancellationToken);
        Assert.All(point, x => Assert.Equal(1, x, 1e-7));
        Assert.InRange(outcome.Iterations, 5, 150);
        Assert.True(outcome.GradientNorm <= 1e-9);
    }

    [Fact]
    public void It_solves_a_badly_scaled_quadratic()
    {
        double[] point = [.. Enumerable.Repeat(1.0, 8)];
        LimitedMemoryBfgs.Outcome outcome = LimitedMemoryBfgs.Minimize(
            (x, g) =>
            {
                double value = 0;
                for (int i = 0; i < x.Length; i++)
                {
                    double curvature = Math.Pow(10, i - 3);
                    g[i] = curvature * (x[i] - i);
                    value += curvature * (x[i] - i) * (x[i] - i) / 2;
                }

                return (value, g.Max(Math.Abs));
            },
            point,
            1e-8,
            500,
            8,
            TestContext.Current.CancellationToken);
        Assert.True(outcome.GradientNorm <= 1e-8, $"{outcome}");
        for (int i = 0; i < point.Length; i++)
            Assert.Equal(i, point[i], 1e-4);
    }

    [Fact]
    public void It_stops_at_the_cap()
    {
        double[] point = [-1.2, 1];
        Assert.Equal(3, LimitedMemoryBfgs.Minimize(Rosenbrock, point, 1e-9, 3, 10, TestContext.Current.CancellationToken).Iterations);
    }

    private static (double Value, double GradientNorm) Rosenbrock(double[] x, double[] g)
    {
        double value = 0;
        for (int i = 0; i < x.Length; i += 2)
        {
            (double a, double b) = (x[i], x[i + 1]);
            double valley = b - (a * a);
            value += (100 * valley * valley) + ((1 - a) * (1 - a));
            (g[i], g[i + 1]) = ((-400 * valley * a) - (2 * (1 - a)), 200 * valley);
        }

        return (value, g.Max(Math.Abs));
    }
}
