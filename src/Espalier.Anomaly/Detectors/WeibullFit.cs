namespace Espalier.Anomaly.Detectors;

/// <summary>The two-parameter Weibull distribution, 1 - exp(-(x / scale)^shape), by maximum likelihood.</summary>
internal static class WeibullFit
{
    private const int Iterations = 200;

    /// <summary>Shape and scale. The likelihood's equation in the shape is monotone: bisection finds its one root.</summary>
    /// <param name="values">Above 0, at least two different ones.</param>
    public static (double Shape, double Scale) MaximumLikelihood(double[] values)
    {
        // Relative to the largest value, whose powers stay finite for any shape.
        double largest = values.Max();
        double[] logs = [.. values.Select(v => Math.Log(v / largest))];
        double meanLog = logs.Average();
        double Slope(double shape)
        {
            (double sum, double weighted) = (0, 0);
            foreach (double log in logs)
            {
                double power = Math.Exp(shape * log);
                sum += power;
                weighted += power * log;
            }

            return (weighted / sum) - (1 / shape) - meanLog;
        }

        (double low, double high) = (1e-6, 1);
        while (Slope(high) < 0 && high < 1e12)
            high *= 2;
        for (int i = 0; i < Iterations && high - low > 1e-14 * high; i++)
        {
            double middle = 0.5 * (low + high);
            if (Slope(middle) < 0)
                low = middle;
            else
                high = middle;
        }

        double found = 0.5 * (low + high);
        return (found, largest * Math.Pow(logs.Average(log => Math.Exp(found * log)), 1 / found));
    }
}
