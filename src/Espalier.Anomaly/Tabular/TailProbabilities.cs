namespace Espalier.Anomaly.Tabular;

/// <summary>How far out a value lies in its column, by the empirical distribution of the training rows.</summary>
internal sealed class TailProbabilities
{
    private readonly double[][] _sorted;
    private readonly int[] _skew;

    public TailProbabilities(TabularRows rows)
    {
        _sorted = [.. Enumerable.Range(0, rows.Width).Select(rows.Column)];
        _skew = [.. _sorted.Select(SignOfSkewness)];
        foreach (double[] column in _sorted)
            Array.Sort(column);
    }

    public TailProbabilities(TabularState state, int width)
    {
        double[] all = state.Finite("sorted", width, TabularState.Any);
        int count = all.Length / width;
        _sorted = [.. Enumerable.Range(0, width).Select(j => all[(j * count)..((j + 1) * count)])];
        _skew = state.Integers("skew", -1, 1, width);
    }

    public void Write(TabularState state)
    {
        state.Set("sorted", _sorted.SelectMany(c => c).ToArray(), _sorted.Length, _sorted[0].Length);
        state.Set("skew", _skew);
    }

    /// <summary>Sums a column's contribution over the columns of each row.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="combine">Of minus the log of the share at or below, of the share at or above, and of the tail that the skewness names.</param>
    public double[] Sum(TabularRows rows, Func<double, double, double, double> combine)
    {
        double[] scores = new double[rows.Count];
        Parallel.For(0, (rows.Count + 255) / 256, block =>
        {
            int end = Math.Min(rows.Count, (block + 1) * 256);
            for (int j = 0; j < rows.Width; j++)
            {
                double[] column = _sorted[j];
                for (int i = block * 256; i < end; i++)
                {
                    double value = rows.Values[i * rows.Width + j];
                    int below = FirstAtLeast(column, value);
                    int atOrBelow = below < column.Length && column[below] == value ? FirstAbove(column, value, below) : below;
                    double left = MinusLogShare(atOrBelow, column.Length);
                    double right = MinusLogShare(column.Length - below, column.Length);
                    double skewed = _skew[j] < 0 ? left : _skew[j] > 0 ? right : left + right;
                    scores[i] += combine(left, right, skewed);
                }
            }
        });
        return scores;
    }

    // A value beyond all training values counts as if it had been one more of them.
    private static double MinusLogShare(int count, int rows) => count == 0 ? Math.Log(rows + 1) : -Math.Log((double)count / rows);

    private static int SignOfSkewness(double[] column)
    {
        double mean = column.Average();
        double third = 0;
        double second = 0;
        foreach (double value in column)
        {
            double difference = value - mean;
            second += difference * difference;
            third += difference * difference * difference;
        }

        // Rounding alone makes a symmetric column seem skewed.
        double skewness = third / column.Length / Math.Pow(second / column.Length, 1.5);
        return Math.Abs(skewness) < 1e-12 || double.IsNaN(skewness) ? 0 : Math.Sign(skewness);
    }

    private static int FirstAtLeast(double[] sorted, double value)
    {
        (int low, int high) = (0, sorted.Length);
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < value)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private static int FirstAbove(double[] sorted, double value, int low)
    {
        int high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (sorted[middle] <= value)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
