using Espalier.Errors;

namespace Espalier.Training.Averages;

/// <summary>
/// The profile p(τ) ∝ τ^γ on [0, t] of a power-function average (Karras et al. 2024, "Analyzing and Improving the Training
/// Dynamics of Diffusion Models", section 3.1), and the synthesis of other profiles from stored ones (appendix C).
/// </summary>
public static class PowerFunctionProfile
{
    /// <summary>The least upper bound of σ_rel: that of γ = 0, the equal average, 1/√12.</summary>
    public static double LargestSigma { get; } = 1 / Math.Sqrt(12);

    /// <summary>γ from the relative width: the largest real root of γ³ + 7γ² + (16-σ⁻²)γ + (12-σ⁻²) = 0.</summary>
    /// <param name="sigmaRel">σ_rel, in (0, 1/√12).</param>
    /// <exception cref="OptionsException">It is out of range.</exception>
    public static double Exponent(double sigmaRel)
    {
        RequireSigma(nameof(sigmaRel), sigmaRel);

        // The width falls as γ rises: bisection cannot miss the root, and 200 halvings end at the last digit.
        (double low, double high) = (0, 1);
        while (Sigma(high) > sigmaRel)
            high *= 2;
        for (int i = 0; i < 200; i++)
        {
            double middle = (low + high) / 2;
            if (Sigma(middle) > sigmaRel)
                low = middle;
            else
                high = middle;
        }

        return (low + high) / 2;
    }

    /// <summary>σ_rel = √((γ+1)/((γ+2)²(γ+3))).</summary>
    /// <param name="exponent">γ, above -1.</param>
    public static double Sigma(double exponent) => Math.Sqrt((exponent + 1) / ((exponent + 2) * (exponent + 2) * (exponent + 3)));

    /// <summary>β = (1-Δ/t)^(γ+1): what the average keeps over Δ samples. The product over small steps telescopes to that of one large step.</summary>
    /// <param name="exponent">γ.</param>
    /// <param name="samples">Δ, in (0, <paramref name="samplesSeen"/>].</param>
    /// <param name="samplesSeen">t, the samples seen once the step is done.</param>
    public static double Momentum(double exponent, double samples, double samplesSeen) => Math.Pow(1 - (samples / samplesSeen), exponent + 1);

    /// <summary>⟨p_a, p_b⟩ = ∫ p_a p_b of two profiles.</summary>
    /// <param name="timeA">End of the first, in samples.</param>
    /// <param name="exponentA">Its γ.</param>
    /// <param name="timeB">End of the second.</param>
    /// <param name="exponentB">Its γ.</param>
    public static double InnerProduct(double timeA, double exponentA, double timeB, double exponentB)
    {
        double exponent = timeA < timeB ? exponentB : -exponentA;
        return (exponentA + 1) * (exponentB + 1) * Math.Pow(timeA / timeB, exponent) / ((exponentA + exponentB + 1) * Math.Max(timeA, timeB));
    }

    /// <summary>The weights of stored averages whose sum has the profile nearest to a wanted one (least squares, then normalised to sum 1).</summary>
    /// <param name="stored">Samples seen and γ of each stored average; at least two, no two alike.</param>
    /// <param name="time">End of the wanted profile, in samples; not after the latest stored one.</param>
    /// <param name="exponent">Its γ.</param>
    /// <exception cref="OptionsException">Too few averages, two alike, or a time beyond the last.</exception>
    public static IReadOnlyList<double> Weights(IReadOnlyList<(double Time, double Exponent)> stored, double time, double exponent)
    {
        OptionsException.Require(stored.Count >= 2, nameof(stored), stored.Count, "needs at least two stored averages: train longer, or store more often");
        OptionsException.Require(stored.Distinct().Count() == stored.Count, nameof(stored), stored.Count, "must not hold two averages of the same width and time");
        OptionsException.Require(time > 0 && time <= stored.Max(s => s.Time), nameof(time), time, $"must lie above 0 and not after the last stored average, at {stored.Max(s => s.Time)} samples");
        int n = stored.Count;
        double[,] system = new double[n, n + 1];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
                system[i, j] = InnerProduct(stored[i].Time, stored[i].Exponent, stored[j].Time, stored[j].Exponent);
            system[i, n] = InnerProduct(stored[i].Time, stored[i].Exponent, time, exponent);
        }

        double[] weights = Solve(system);
        double sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }

    internal static void RequireSigma(string name, double sigma) =>
        OptionsException.Require(sigma > 0 && sigma < LargestSigma, name, sigma, "must lie above 0 and below 0.2886 (1/√12, the equal average)");

    /// <summary>Gauss with column pivoting; the matrix of inner products is small and positive definite.</summary>
    private static double[] Solve(double[,] a)
    {
        int n = a.GetLength(0);
        for (int k = 0; k < n; k++)
        {
            int pivot = k;
            for (int i = k + 1; i < n; i++)
                pivot = Math.Abs(a[i, k]) > Math.Abs(a[pivot, k]) ? i : pivot;
            for (int j = 0; j <= n; j++)
                (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j]);
            for (int i = k + 1; i < n; i++)
            {
                double factor = a[i, k] / a[k, k];
                for (int j = k; j <= n; j++)
                    a[i, j] -= factor * a[k, j];
            }
        }

        double[] x = new double[n];
        for (int i = n - 1; i >= 0; i--)
        {
            double rest = a[i, n];
            for (int j = i + 1; j < n; j++)
                rest -= a[i, j] * x[j];
            x[i] = rest / a[i, i];
        }

        return x;
    }
}
