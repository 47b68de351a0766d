using Espalier.Errors;

namespace Espalier.Anomaly.Decisions;

/// <summary>
/// Which of a batch of p-values to act on so that at most a share q of the alarms is false on average (Benjamini and Hochberg
/// 1995); holds for conformal p-values of one calibration set, which are positively dependent (Bates et al. 2023).
/// </summary>
public static class BenjaminiHochberg
{
    /// <summary>The alarms.</summary>
    /// <param name="pValues">One per input of the batch, in [0, 1].</param>
    /// <param name="q">The share of false alarms among the alarms, in (0, 1).</param>
    /// <returns>Per input, whether to raise an alarm; every such p-value is at most q.</returns>
    /// <exception cref="OptionsException">q is out of its range.</exception>
    /// <exception cref="DataException">A p-value is out of its range.</exception>
    public static bool[] Reject(IReadOnlyList<double> pValues, double q)
    {
        OptionsException.Require(q is > 0 and < 1, nameof(q), q, "must be above 0 and below 1");
        return [.. Adjust(pValues).Select(p => p <= q)];
    }

    /// <summary>The least q at which each p-value is acted on.</summary>
    /// <param name="pValues">One per input of the batch, in [0, 1].</param>
    /// <exception cref="DataException">A p-value is out of its range.</exception>
    public static double[] Adjust(IReadOnlyList<double> pValues)
    {
        int bad = -1;
        for (int i = 0; i < pValues.Count && bad < 0; i++)
            bad = pValues[i] is >= 0 and <= 1 ? -1 : i;
        if (bad >= 0)
            throw new DataException($"p-value {bad}", $"is {pValues[bad]}", "p-values lie in [0, 1]");
        int n = pValues.Count;
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => pValues[i])];
        double[] adjusted = new double[n];
        double least = 1;
        for (int rank = n; rank >= 1; rank--)
        {
            least = Math.Min(least, pValues[order[rank - 1]] * n / rank);
            adjusted[order[rank - 1]] = least;
        }

        return adjusted;
    }
}
