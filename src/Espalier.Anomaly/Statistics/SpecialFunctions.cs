namespace Espalier.Anomaly.Statistics;

/// <summary>The functions behind tails and quantiles (Numerical Recipes, 3rd edition, sections 6.1 to 6.4; Lanczos).</summary>
internal static class SpecialFunctions
{
    private const double Tiny = 1e-300;
    private const double Enough = 1e-16;

    private static readonly double[] s_lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
        12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];

    /// <summary>ln Γ(x), x above 0.</summary>
    public static double LogGamma(double x)
    {
        if (x < 0.5)
            return Math.Log(Math.PI / Math.Sin(Math.PI * x)) - LogGamma(1 - x);
        double sum = s_lanczos[0];
        for (int i = 1; i < s_lanczos.Length; i++)
            sum += s_lanczos[i] / (x - 1 + i);
        double t = x + 6.5;
        return 0.5 * Math.Log(2 * Math.PI) + (x - 0.5) * Math.Log(t) - t + Math.Log(sum);
    }

    /// <summary>P(Gamma(a) > x), the regularized upper incomplete gamma function.</summary>
    public static double UpperGamma(double a, double x)
    {
        if (x <= 0)
            return 1;
        if (x < a + 1)
        {
            double term = 1 / a;
            double sum = term;
            for (double n = a + 1; Math.Abs(term) > Math.Abs(sum) * Enough; n++)
                sum += term *= x / n;
            return Math.Max(0, 1 - sum * Math.Exp(a * Math.Log(x) - x - LogGamma(a)));
        }

        double b = x + 1 - a;
        double c = 1 / Tiny;
        double d = 1 / b;
        double h = d;
        for (int i = 1; i < 100_000; i++)
        {
            double an = -i * (i - a);
            b += 2;
            d = 1 / NonZero(an * d + b);
            c = NonZero(b + an / c);
            double factor = d * c;
            h *= factor;
            if (Math.Abs(factor - 1) < Enough)
                break;
        }

        return Math.Exp(a * Math.Log(x) - x - LogGamma(a)) * h;
    }

    /// <summary>P(Beta(a, b) ≤ x), the regularized incomplete beta function.</summary>
    public static double LowerBeta(double a, double b, double x)
    {
        if (x <= 0)
            return 0;
        if (x >= 1)
            return 1;
        double front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * Math.Log(1 - x));
        return x < (a + 1) / (a + b + 2) ? front * BetaFraction(a, b, x) / a : 1 - front * BetaFraction(b, a, 1 - x) / b;
    }

    /// <summary>P(χ²_k > x).</summary>
    public static double ChiSquareTail(double degrees, double x) => UpperGamma(degrees / 2, x / 2);

    /// <summary>The value that χ²_k exceeds with a probability.</summary>
    public static double ChiSquareQuantile(double degrees, double tail)
    {
        (double low, double high) = (0, degrees + 1);
        while (ChiSquareTail(degrees, high) > tail)
            high *= 2;
        for (int i = 0; i < 200 && high - low > 1e-14 * high; i++)
        {
            double middle = (low + high) / 2;
            if (ChiSquareTail(degrees, middle) > tail)
                low = middle;
            else
                high = middle;
        }

        return (low + high) / 2;
    }

    /// <summary>P(K > x) of Kolmogorov's limiting distribution.</summary>
    public static double KolmogorovTail(double x)
    {
        if (x < 0.2)
            return 1;
        if (x < 1.18)
        {
            // The theta-transformed series: the alternating one converges slowly here.
            double y = Math.Exp(-Math.PI * Math.PI / (8 * x * x));
            return 1 - Math.Sqrt(2 * Math.PI) / x * (y + Math.Pow(y, 9) + Math.Pow(y, 25) + Math.Pow(y, 49));
        }

        double z = Math.Exp(-2 * x * x);
        return 2 * (z - Math.Pow(z, 4) + Math.Pow(z, 9));
    }

    private static double BetaFraction(double a, double b, double x)
    {
        double c = 1;
        double d = 1 / NonZero(1 - (a + b) * x / (a + 1));
        double h = d;
        for (int m = 1; m < 100_000; m++)
        {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / NonZero(1 + even * d);
            c = NonZero(1 + even / c);
            h *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / NonZero(1 + odd * d);
            c = NonZero(1 + odd / c);
            double factor = d * c;
            h *= factor;
            if (Math.Abs(factor - 1) < Enough)
                break;
        }

        return h;
    }

    private static double NonZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;
}
