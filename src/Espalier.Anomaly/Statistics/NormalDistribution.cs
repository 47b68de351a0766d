namespace Espalier.Anomaly.Statistics;

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    /// <summary>Φ(x).</summary>
    public static double Cumulative(double x)
    {
        double tail = 0.5 * SpecialFunctions.UpperGamma(0.5, x * x / 2);
        return x < 0 ? tail : 1 - tail;
    }

    /// <summary>Φ⁻¹(p), infinite at 0 and 1: Acklam's rational approximation with one step of Halley's method.</summary>
    public static double Quantile(double p)
    {
        if (p <= 0)
            return double.NegativeInfinity;
        if (p >= 1)
            return double.PositiveInfinity;
        double q = Math.Min(p, 1 - p);
        double x;
        if (q < 0.02425)
        {
            double t = Math.Sqrt(-2 * Math.Log(q));
            x = (((((-7.784894002430293e-03 * t - 3.223964580411365e-01) * t - 2.400758277161838) * t - 2.549732539343734) * t + 4.374664141464968) * t + 2.938163982698783)
                / ((((7.784695709041462e-03 * t + 3.224671290700398e-01) * t + 2.445134137142996) * t + 3.754408661907416) * t + 1);
        }
        else
        {
            double t = q - 0.5;
            double r = t * t;
            x = (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r + 1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239) * t
                / (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r + 6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1);
        }

        double error = 0.5 * SpecialFunctions.UpperGamma(0.5, x * x / 2) - q;
        double step = error * Math.Sqrt(2 * Math.PI) * Math.Exp(x * x / 2);
        x -= step / (1 + x * step / 2);
        return p < 0.5 ? x : -x;
    }
}
