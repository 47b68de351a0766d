using System.Numerics.Tensors;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Statistics;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Anomaly.Drift;

/// <summary>Whether two samples come from one distribution.</summary>
public static class TwoSampleTests
{
    private const double LeastShare = 1e-4;
    private const long MostExact = 250_000;

    /// <summary>The two-sample Kolmogorov-Smirnov test, ties counted once; the p-value is exact up to 250,000 pairs, else the asymptotic one with Stephens' correction.</summary>
    /// <param name="first">One sample, not empty, no NaN.</param>
    /// <param name="second">The other.</param>
    /// <returns>The largest distance of the distribution functions, and its p-value.</returns>
    public static (double Distance, double PValue) KolmogorovSmirnov(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        double[] a = DetectionThreshold.Sorted(first, "first sample");
        double[] b = DetectionThreshold.Sorted(second, "second sample");
        double distance = 0;
        (int i, int j) = (0, 0);
        while (i < a.Length && j < b.Length)
        {
            double value = Math.Min(a[i], b[j]);
            while (i < a.Length && a[i] == value)
                i++;
            while (j < b.Length && b[j] == value)
                j++;
            distance = Math.Max(distance, Math.Abs((double)i / a.Length - (double)j / b.Length));
        }

        if ((long)a.Length * b.Length <= MostExact)
            return (distance, ExactTail(Math.Min(a.Length, b.Length), Math.Max(a.Length, b.Length), distance));
        double root = Math.Sqrt((double)a.Length * b.Length / (a.Length + b.Length));
        return (distance, Math.Clamp(SpecialFunctions.KolmogorovTail((root + 0.12 + 0.11 / root) * distance), 0, 1));
    }

    /// <summary>
    /// The population stability index Σ (q − p) ln(q/p) over bins between quantiles of the reference, shares no less than 1e-4.
    /// </summary>
    /// <param name="reference">The reference, not empty, no NaN.</param>
    /// <param name="window">The window.</param>
    /// <param name="bins">Bins, at least 2; fewer where quantiles coincide.</param>
    public static double StabilityIndex(IReadOnlyList<double> reference, IReadOnlyList<double> window, int bins = 10)
    {
        OptionsException.Require(bins >= 2, nameof(bins), bins, "must be at least 2");
        double[] sorted = DetectionThreshold.Sorted(reference, "reference");
        double[] values = DetectionThreshold.Sorted(window, "window");
        double[] edges = [.. Enumerable.Range(1, bins - 1).Select(k => Quantile(sorted, (double)k / bins)).Distinct()];
        double[] expected = Shares(sorted, edges);
        double[] found = Shares(values, edges);
        return expected.Zip(found).Sum(p => (p.Second - p.First) * Math.Log(p.Second / p.First));
    }

    /// <summary>
    /// The unbiased estimate of the squared maximum mean discrepancy with kernel exp(−‖x−y‖²/(2σ²)), σ the median distance of all
    /// pairs (Gretton et al., JMLR 2012), and the share of random regroupings of the rows that reach it.
    /// </summary>
    /// <param name="first">[n, d], at least two rows, finite.</param>
    /// <param name="second">[m, d].</param>
    /// <param name="permutations">Regroupings, at least 1.</param>
    /// <param name="seed">They are a function of this seed.</param>
    /// <exception cref="ShapeException">The widths differ.</exception>
    public static (double Discrepancy, double PValue) MaximumMeanDiscrepancy(double[,] first, double[,] second, int permutations = 200, int seed = 1)
    {
        OptionsException.Require(permutations >= 1, nameof(permutations), permutations, "must be at least 1");
        (int n, int m, int d) = (first.GetLength(0), second.GetLength(0), first.GetLength(1));
        if (second.GetLength(1) != d)
            throw new ShapeException("the second sample", [m, second.GetLength(1)], $"[m, {d}], as wide as the first");
        if (n < 2 || m < 2)
            throw new DataException("samples", $"hold {n} and {m} rows", "give at least two of each");
        int total = n + m;
        double[] rows = new double[total * d];
        Buffer.BlockCopy(first, 0, rows, 0, first.Length * sizeof(double));
        Buffer.BlockCopy(second, 0, rows, first.Length * sizeof(double), second.Length * sizeof(double));
        double[] squared = new double[total * total];
        Parallel.For(0, total, i =>
        {
            for (int j = 0; j < i; j++)
            {
                double distance = TensorPrimitives.Distance<double>(rows.AsSpan(i * d, d), rows.AsSpan(j * d, d));
                squared[i * total + j] = squared[j * total + i] = distance * distance;
            }
        });
        double[] pairs = new double[total * (total - 1) / 2];
        for (int i = 1, at = 0; i < total; at += i++)
            squared.AsSpan(i * total, i).CopyTo(pairs.AsSpan(at));
        Array.Sort(pairs);
        double median = Quantile(pairs, 0.5);
        if (median <= 0)
            median = pairs[^1] > 0 ? pairs[^1] : 1;
        TensorPrimitives.Multiply(squared, -0.5 / median, squared);
        TensorPrimitives.Exp(squared, squared);

        double[] sums = new double[total];
        for (int i = 0; i < total; i++)
            sums[i] = TensorPrimitives.Sum<double>(squared.AsSpan(i * total, total));

        double Of(int[] order)
        {
            // K applied to the membership of the first group: two sums instead of three blocks.
            double[] inFirst = new double[total];
            for (int i = 0; i < n; i++)
                inFirst[order[i]] = 1;
            double within = 0, across = 0, rest = 0;
            for (int i = 0; i < total; i++)
            {
                ReadOnlySpan<double> kernel = squared.AsSpan(i * total, total);
                double toFirst = TensorPrimitives.Dot(kernel, inFirst);
                double all = sums[i];
                if (inFirst[i] == 1)
                    (within, across) = (within + toFirst - 1, across + all - toFirst);
                else
                    rest += all - toFirst - 1;
            }

            return within / ((double)n * (n - 1)) + rest / ((double)m * (m - 1)) - 2 * across / ((double)n * m);
        }

        int[] given = [.. Enumerable.Range(0, total)];
        double observed = Of(given);
        int reached = 0;
        Parallel.For(0, permutations, p =>
        {
            int[] order = [.. given];
            new SplitMix64(seed, 71, p).Shuffle(order);
            if (Of(order) >= observed)
                Interlocked.Increment(ref reached);
        });
        return (observed, (1.0 + reached) / (permutations + 1));
    }

    /// <summary>The χ² test of two histograms of the same classes, such as predicted classes; classes that occur in neither are left out.</summary>
    /// <param name="first">Counts by class.</param>
    /// <param name="second">Counts by class, as many.</param>
    /// <returns>The statistic and its p-value; 0 and 1 where one class occurs only.</returns>
    /// <exception cref="DataException">The numbers of classes differ, a count is negative, or a side is empty.</exception>
    public static (double Statistic, double PValue) ChiSquare(IReadOnlyList<long> first, IReadOnlyList<long> second)
    {
        if (first.Count != second.Count || first.Concat(second).Any(c => c < 0) || first.Sum() == 0 || second.Sum() == 0)
            throw new DataException("class counts", "do not belong together", "give counts of the same classes, none negative, and at least one input on each side");
        (double a, double b) = (first.Sum(), second.Sum());
        double statistic = 0;
        int classes = 0;
        for (int i = 0; i < first.Count; i++)
        {
            double both = first[i] + second[i];
            if (both == 0)
                continue;
            classes++;
            (double expectedFirst, double expectedSecond) = (both * a / (a + b), both * b / (a + b));
            statistic += (first[i] - expectedFirst) * (first[i] - expectedFirst) / expectedFirst + (second[i] - expectedSecond) * (second[i] - expectedSecond) / expectedSecond;
        }

        return classes < 2 ? (0, 1) : (statistic, SpecialFunctions.ChiSquareTail(classes - 1, statistic));
    }

    // P(D ≥ d) over all orders of the two samples: the share of lattice paths that leave the band, row by row.
    private static double ExactTail(int m, int n, double distance)
    {
        double limit = (0.5 + Math.Floor(distance * m * n - 1e-7)) / ((double)m * n);
        double[] inside = [.. Enumerable.Range(0, n + 1).Select(j => (double)j / n > limit ? 0.0 : 1)];
        for (int i = 1; i <= m; i++)
        {
            double weight = (double)i / (i + n);
            inside[0] = (double)i / m > limit ? 0 : weight * inside[0];
            for (int j = 1; j <= n; j++)
                inside[j] = Math.Abs((double)i / m - (double)j / n) > limit ? 0 : weight * inside[j] + inside[j - 1];
        }

        return Math.Clamp(1 - inside[n], 0, 1);
    }

    internal static double Quantile(double[] sorted, double share)
    {
        double position = share * (sorted.Length - 1);
        int below = (int)position;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return sorted[below] + (position - below) * (above - sorted[below]);
    }

    // Bins are closed on the right.
    private static double[] Shares(double[] sorted, double[] edges)
    {
        double[] shares = new double[edges.Length + 1];
        int at = 0;
        for (int bin = 0; bin < shares.Length; bin++)
        {
            int start = at;
            while (at < sorted.Length && (bin == edges.Length || sorted[at] <= edges[bin]))
                at++;
            shares[bin] = Math.Max((at - start) / (double)sorted.Length, LeastShare);
        }

        return shares;
    }
}
