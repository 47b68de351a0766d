using CsCheck;
using Espalier.Runs.Reports;

namespace Espalier.Tests.Reports;

public sealed class AxisTests
{
    [Theory]
    [InlineData(0, 1, new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(0, 60, new double[] { 0, 20, 40, 60 })]
    [InlineData(-0.05, 0.05, new[] { -0.04, -0.02, 0, 0.02, 0.04 })]
    public void Ticks_are_what_a_person_would_write(double low, double high, double[] expected) =>
        Assert.Equal(expected, new Axis(low, high, 0, 100).Ticks(5));

    [Fact]
    public void Ticks_lie_in_range_on_multiples_of_a_round_step() => Gen.Select(Gen.Double[-1e4, 1e4], Gen.Double[1e-3, 1e4], Gen.Int[4, 10]).Sample((low, width, wanted) =>
    {
        double[] ticks = [.. new Axis(low, low + width, 0, 1).Ticks(wanted)];
        double step = ticks[1] - ticks[0];
        double power = Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-6));
        double round = new[] { 1, 2, 2.5, 5 }.MinBy(r => Math.Abs((step / power) - r));
        return ticks.Length >= 2 && ticks.Length <= wanted + 1
            && ticks.All(t => t >= low - (1e-6 * width) && t <= low + width + (1e-6 * width))
            && Math.Abs((step / power) - round) < 1e-4
            // Against the round step itself: a difference of two large ticks is too coarse to divide by.
            && ticks.All(t => Math.Abs((t / (round * power)) - Math.Round(t / (round * power))) < 1e-4);
    }, iter: 2000);

    [Fact]
    public void A_single_value_still_has_an_axis()
    {
        var axis = new Axis(3, 3, 10, 20);
        Assert.Equal(15, axis.At(3));
        Assert.NotEmpty(axis.Ticks(5));
    }

    [Fact]
    public void Positions_are_linear_also_from_bottom_to_top()
    {
        var axis = new Axis(0, 4, 200, 0);
        Assert.Equal([200, 150, 0], new[] { axis.At(0), axis.At(1), axis.At(4) });
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.25, "0.25")]
    [InlineData(-1500, "-1500")]
    [InlineData(20000, "2e4")]
    [InlineData(0.0003, "3e-4")]
    public void Labels_are_short(double value, string expected) => Assert.Equal(expected, Axis.Label(value));
}
