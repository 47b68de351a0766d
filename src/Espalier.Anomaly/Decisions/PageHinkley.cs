using System.Collections.Concurrent;
using Espalier.Anomaly.Statistics;
using Espalier.Randomness;

namespace Espalier.Anomaly.Decisions;

/// <summary>
/// Page and Hinkley's test on normal scores z = Φ⁻¹(1 − p): the sum of z minus its running mean minus a drift, less the least value
/// of that sum so far. The running mean makes its run times depend on time; the limit comes from simulated null streams.
/// </summary>
internal sealed class PageHinkley : SequentialStatistic
{
    /// <summary>The longest expected run time whose limit is simulated: some seconds.</summary>
    public const double MostRunTime = 100_000;

    private const int Streams = 200;
    private const double LongestInTargets = 8;

    // The limit depends on the options alone; a service makes many monitors with the same ones.
    private static readonly ConcurrentDictionary<(double Drift, double ExpectedRunTime), double> s_limits = new();

    private readonly double _drift;
    private Sum _sum;

    public PageHinkley(double drift, double expectedRunTime, CancellationToken cancellationToken)
    {
        _drift = drift;
        Limit = s_limits.GetOrAdd((drift, expectedRunTime), key => LimitFor(key.Drift, key.ExpectedRunTime, cancellationToken));
    }

    public override double Limit { get; }

    public override double Next(double p) => _sum.Next(NormalDistribution.Quantile(1 - p), _drift);

    public override void Restart() => _sum = default;

    public override double[] State
    {
        get => [_sum.Count, _sum.Mean, _sum.Total, _sum.Least];
        set => _sum = new() { Count = value[0], Mean = value[1], Total = value[2], Least = value[3] };
    }

    // The rises of a stream's record say when it would have reached any limit; a stream that never did counts as its length.
    private static double LimitFor(double drift, double expected, CancellationToken cancellationToken)
    {
        int longest = (int)Math.Min(int.MaxValue, Math.Ceiling(LongestInTargets * expected));
        var records = new List<(double Height, int Step)>[Streams];
        Parallel.For(0, Streams, new ParallelOptions { CancellationToken = cancellationToken }, stream =>
        {
            var random = new SplitMix64(61, stream);
            var rises = new List<(double Height, int Step)>();
            Sum sum = default;
            double record = 0;
            for (int step = 1; step <= longest; step++)
            {
                double height = sum.Next(random.NextNormal(), drift);
                if (height <= record)
                    continue;
                record = height;
                rises.Add((height, step));
            }

            records[stream] = rises;
        });

        (double low, double high) = (0, records.Max(r => r.Count == 0 ? 1 : r[^1].Height));
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            double mean = records.Average(rises => rises.FindIndex(r => r.Height >= middle) is >= 0 and var at ? rises[at].Step : (double)longest);
            if (mean < expected)
                low = middle;
            else
                high = middle;
        }

        return (low + high) / 2;
    }

    private struct Sum
    {
        public double Count;
        public double Mean;
        public double Total;
        public double Least;

        public double Next(double z, double drift)
        {
            Count++;
            Mean += (z - Mean) / Count;
            Total += z - Mean - drift;
            Least = Math.Min(Least, Total);
            return Total - Least;
        }
    }
}
