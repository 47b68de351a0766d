using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// Answering only where a model is sure enough: accuracy over the share of answers, averaged over all shares. Answers of equal
/// confidence are given together, each at the group's accuracy, so that their order does not matter.
/// </summary>
public static class SelectiveAccuracy
{
    /// <summary>Area under the response-rate accuracy curve (AURRA): in [0, 1], higher is better.</summary>
    /// <param name="confidences">Higher means surer; infinities are allowed.</param>
    /// <param name="correct">Whether each prediction is right; as many as <paramref name="confidences"/>.</param>
    /// <exception cref="DataException">No samples, different lengths, or a NaN.</exception>
    public static double ResponseRateAccuracy(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct)
    {
        if (confidences.Length != correct.Length)
            throw new DataException("confidences", $"there are {confidences.Length} confidences but {correct.Length} outcomes", "give one outcome per confidence");
        if (confidences.IsEmpty)
            throw new DataException("confidences", "there are no samples", "give at least one");
        double[] sorted = confidences.ToArray();
        int bad = Array.FindIndex(sorted, double.IsNaN);
        if (bad >= 0)
            throw new DataException("confidences", $"confidence {bad} is NaN", "find the input that the model answers with NaN");
        bool[] outcomes = correct.ToArray();
        Array.Sort(sorted, outcomes);
        (double sum, double right, int answered) = (0, 0, 0);
        for (int end = sorted.Length - 1; end >= 0;)
        {
            int start = end;
            while (start > 0 && sorted[start - 1] == sorted[end])
                start--;
            double accuracy = outcomes.AsSpan(start, end - start + 1).Count(true) / (double)(end - start + 1);
            for (int i = end; i >= start; i--)
            {
                right += accuracy;
                answered++;
                sum += right / answered;
            }

            end = start - 1;
        }

        return sum / sorted.Length;
    }

    /// <summary>Area under the risk-coverage curve (AURC): in [0, 1], lower is better; one less <see cref="ResponseRateAccuracy"/>.</summary>
    /// <param name="confidences">Higher means surer; infinities are allowed.</param>
    /// <param name="correct">Whether each prediction is right; as many as <paramref name="confidences"/>.</param>
    /// <exception cref="DataException">No samples, different lengths, or a NaN.</exception>
    public static double RiskCoverage(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct) => 1 - ResponseRateAccuracy(confidences, correct);
}
