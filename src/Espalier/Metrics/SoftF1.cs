using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// F1 of finding mistakes with shares instead of decisions (Hendrycks et al. 2019): with m = 1 - correct and a = 1 - confidence,
/// a'm / (½ Σ (a + m)). In [0, 1], higher is better; 0 where nothing is wrong and nothing is doubted.
/// </summary>
public static class SoftF1
{
    /// <summary>The score.</summary>
    /// <param name="confidences">In [0, 1].</param>
    /// <param name="correct">Whether each prediction is right; an out-of-distribution sample is never right.</param>
    /// <exception cref="DataException">No samples, different lengths, or a confidence outside [0, 1].</exception>
    public static double Of(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct)
    {
        ReliabilityDiagram.Check(confidences, correct);
        (double both, double either) = (0, 0);
        for (int i = 0; i < confidences.Length; i++)
        {
            double doubt = 1 - confidences[i];
            double mistake = correct[i] ? 0 : 1;
            both += doubt * mistake;
            either += 0.5 * (doubt + mistake);
        }

        return either == 0 ? 0 : both / either;
    }
}
