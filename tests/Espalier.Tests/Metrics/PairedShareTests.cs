using Espalier.Metrics;

namespace Espalier.Tests.Metrics;

public sealed class PairedShareTests
{
    [Theory]
    [InlineData(0, 10, 0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1)]
    [InlineData(5, 10, 0.2366, 0.7634)]
    [InlineData(81, 263, 0.2553, 0.3662)]
    public void The_Wilson_interval_is_the_published_one(int successes, int count, double low, double high)
    {
        // Newcombe 1998, table I, for 81 of 263; the others by the formula's roots.
        WilsonInterval interval = WilsonInterval.Of(successes, count);
        Assert.Equal(low, interval.Low, 1e-4);
        Assert.Equal(high, interval.High, 1e-4);
        Assert.Throws<ArgumentOutOfRangeException>(() => WilsonInterval.Of(11, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => WilsonInterval.Of(0, 0));
    }

    [Fact]
    public void Both_ends_solve_the_quadratic_that_defines_them()
    {
        // |p - p0| = z sqrt(p0 (1 - p0) / n) at both ends.
        WilsonInterval interval = WilsonInterval.Of(37, 150);
        foreach (double end in (double[])[interval.Low, interval.High])
            Assert.Equal(1.959963984540054 * Math.Sqrt(end * (1 - end) / 150), Math.Abs((37 / 150.0) - end), 1e-12);
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(5, 0, 0.0625)]
    [InlineData(1, 9, 0.021484375)]
    [InlineData(4, 4, 1)]
    public void McNemars_test_is_the_binomial_one(int onlyFirst, int onlySecond, double expected)
    {
        // 2 · Σ C(n, i) / 2^n, by hand: 2/32, and 2 (1 + 10)/1024.
        bool[] first = [.. Enumerable.Repeat(true, onlyFirst), .. Enumerable.Repeat(false, onlySecond), true, false];
        bool[] second = [.. Enumerable.Repeat(false, onlyFirst), .. Enumerable.Repeat(true, onlySecond), true, false];
        Assert.Equal(expected, McNemarTest.PValue(first, second), 1e-12);
        Assert.Equal(expected, McNemarTest.PValue(second, first), 1e-12);
    }
}
