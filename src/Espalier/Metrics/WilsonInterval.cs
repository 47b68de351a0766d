namespace Espalier.Metrics;

/// <summary>
/// The interval that a share lies in with 95 % confidence (Wilson, "Probable Inference, the Law of Succession, and
/// Statistical Inference", 1927): unlike the normal one it stays in [0, 1] and holds for small numbers.
/// </summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public readonly record struct WilsonInterval(double Low, double High)
{
    private const double Quantile = 1.959963984540054;

    /// <summary>The interval of a share.</summary>
    /// <param name="successes">In 0..<paramref name="count"/>.</param>
    /// <param name="count">At least 1.</param>
    public static WilsonInterval Of(int successes, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, count);
        (double n, double share) = (count, successes / (double)count);
        double square = Quantile * Quantile;
        double center = (share + (square / (2 * n))) / (1 + (square / n));
        double half = Quantile / (1 + (square / n)) * Math.Sqrt((share * (1 - share) / n) + (square / (4 * n * n)));
        return new(Math.Max(0, center - half), Math.Min(1, center + half));
    }
}
