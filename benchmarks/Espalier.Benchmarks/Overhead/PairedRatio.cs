namespace Espalier.Benchmarks.Overhead;

/// <summary>The ratio of two arms' median steps, taken within each round.</summary>
/// <param name="Median">Its median over the rounds.</param>
/// <param name="LowerQuartile">A quarter of the rounds are below.</param>
/// <param name="UpperQuartile">A quarter of the rounds are above.</param>
/// <param name="ConfidenceLow">Lower end of the median's 95 % bootstrap interval.</param>
/// <param name="ConfidenceHigh">Its upper end.</param>
/// <param name="CpuMedian">The median ratio of the process's times on all cores.</param>
public sealed record PairedRatio(
    double Median, double LowerQuartile, double UpperQuartile, double ConfidenceLow, double ConfidenceHigh, double CpuMedian)
{
    private const int Resamples = 2000;

    /// <summary>Compares two arms.</summary>
    public static PairedRatio Of(IReadOnlyList<Block[]> rounds, Arm arm, Arm reference)
    {
        double[] ratios = [.. rounds.Select(r => r[(int)arm].Median / r[(int)reference].Median)];
        var random = new Random(1);
        double[] medians = [.. Enumerable.Range(0, Resamples).Select(_ => Quantiles.Of(random.GetItems(ratios, ratios.Length), 0.5))];
        return new PairedRatio(Quantiles.Of(ratios, 0.5), Quantiles.Of(ratios, 0.25), Quantiles.Of(ratios, 0.75),
            Quantiles.Of(medians, 0.025), Quantiles.Of(medians, 0.975),
            Quantiles.Of(rounds.Select(r => r[(int)arm].CpuMilliseconds / r[(int)reference].CpuMilliseconds), 0.5));
    }
}
