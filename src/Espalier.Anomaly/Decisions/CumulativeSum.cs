using System.Collections.Concurrent;
using Espalier.Anomaly.Statistics;

namespace Espalier.Anomaly.Decisions;

/// <summary>
/// Page's cumulative sum of normal scores z = Φ⁻¹(1 − p): S ← max(0, S + z − k). The limit at which a stated number of steps passes
/// between false alarms on average follows from the distribution of z alone (Brook and Evans 1972), whatever the detector.
/// </summary>
internal sealed class CumulativeSum : SequentialStatistic
{
    private const int States = 100;

    // The limit depends on the options alone; a service makes many monitors with the same ones.
    private static readonly ConcurrentDictionary<(double Drift, double ExpectedRunTime), double> s_limits = new();

    private readonly double _drift;
    private double _sum;

    public CumulativeSum(double drift, double expectedRunTime)
    {
        _drift = drift;
        Limit = s_limits.GetOrAdd((drift, expectedRunTime), key => LimitFor(key.Drift, key.ExpectedRunTime));
    }

    private static double LimitFor(double drift, double expectedRunTime)
    {
        (double low, double high) = (0, 1);
        while (MeanRunTime(high, drift) < expectedRunTime)
            high *= 2;
        for (int i = 0; i < 50 && high - low > 1e-10 * high; i++)
        {
            double middle = (low + high) / 2;
            if (MeanRunTime(middle, drift) < expectedRunTime)
                low = middle;
            else
                high = middle;
        }

        return (low + high) / 2;
    }

    public override double Limit { get; }

    public override double Next(double p) => _sum = Math.Max(0, _sum + NormalDistribution.Quantile(1 - p) - _drift);

    public override void Restart() => _sum = 0;

    public override double[] State
    {
        get => [_sum];
        set => _sum = value[0];
    }

    /// <summary>Steps from zero until the sum reaches a limit, on average, with standard normal scores.</summary>
    public static double MeanRunTime(double limit, double drift)
    {
        // The sum as a Markov chain on equal cells, the first of them around zero: (I − Q) μ = 1, μ₀ wanted.
        double width = 2 * limit / (2 * States - 1);
        double[,] system = new double[States, States + 1];
        for (int i = 0; i < States; i++)
        {
            for (int j = 0; j < States; j++)
            {
                double upper = NormalDistribution.Cumulative((j - i + 0.5) * width + drift);
                double lower = j == 0 ? 0 : NormalDistribution.Cumulative((j - i - 0.5) * width + drift);
                system[i, j] = (i == j ? 1 : 0) - (upper - lower);
            }

            system[i, States] = 1;
        }

        // Elimination from the last cell down leaves the equation of the first; the matrix is diagonally dominant.
        for (int k = States - 1; k > 0; k--)
        {
            for (int i = 0; i < k; i++)
            {
                double factor = system[i, k] / system[k, k];
                for (int j = 0; j < k; j++)
                    system[i, j] -= factor * system[k, j];
                system[i, States] -= factor * system[k, States];
            }
        }

        return system[0, States] / system[0, 0];
    }
}
