namespace Espalier.Metrics;

/// <summary>
/// McNemar's exact test of two judges on the same samples (McNemar 1947): only those on which they differ tell anything, and
/// if neither is better, each way is as likely as the other.
/// </summary>
public static class McNemarTest
{
    /// <summary>The two-sided p-value.</summary>
    /// <param name="first">Per sample, what the first says.</param>
    /// <param name="second">Per sample, what the second says; as many.</param>
    /// <returns>In (0, 1]; 1 where they never differ.</returns>
    public static double PValue(IReadOnlyList<bool> first, IReadOnlyList<bool> second)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(second.Count, first.Count);
        int onlyFirst = first.Zip(second).Count(p => p.First && !p.Second);
        int onlySecond = first.Zip(second).Count(p => !p.First && p.Second);
        (int n, int least) = (onlyFirst + onlySecond, Math.Min(onlyFirst, onlySecond));

        // Sum of binomial terms C(n, i) / 2^n, i up to the smaller count, in logarithms.
        double logTerm = -n * Math.Log(2);
        double tail = 0;
        for (int i = 0; i <= least; i++)
        {
            tail += Math.Exp(logTerm);
            logTerm += Math.Log(n - i) - Math.Log(i + 1);
        }

        return Math.Min(1, 2 * tail);
    }
}
