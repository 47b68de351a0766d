using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// Accuracy against confidence, bin by bin (DeGroot and Fienberg 1983; Guo et al. 2017): a calibrated model lies on
/// the diagonal. What the calibration errors are computed from, and what a report draws.
/// </summary>
public sealed class ReliabilityDiagram
{
    private ReliabilityDiagram(IReadOnlyList<ReliabilityBin> bins, int count) => (Bins, Count) = (bins, count);

    /// <summary>The bins, from low to high confidence.</summary>
    public IReadOnlyList<ReliabilityBin> Bins { get; }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>Bins ((i-1)/bins, i/bins] of the top label's confidence.</summary>
    /// <param name="probabilities">[n, classes], rows sum to one.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <param name="bins">Number of bins, at least 1.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DataException">No samples, a NaN, no probabilities, or a label out of range.</exception>
    /// <exception cref="OptionsException">The number of bins is below 1.</exception>
    public static ReliabilityDiagram EqualWidth(Tensor probabilities, Tensor labels, int bins = 15)
    {
        (double[] confidences, bool[] correct) = ScoreTable.Probabilities(probabilities, labels).TopLabel();
        return EqualWidth(confidences, correct, bins);
    }

    /// <summary>Bins ((i-1)/bins, i/bins] of given confidences; a confidence of 0 belongs to the first.</summary>
    /// <param name="confidences">In [0, 1].</param>
    /// <param name="correct">Whether each prediction is right; as many as <paramref name="confidences"/>.</param>
    /// <param name="bins">Number of bins, at least 1.</param>
    /// <exception cref="DataException">No samples, different lengths, or a confidence outside [0, 1].</exception>
    /// <exception cref="OptionsException">The number of bins is below 1.</exception>
    public static ReliabilityDiagram EqualWidth(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int bins = 15)
    {
        OptionsException.Require(bins >= 1, nameof(bins), bins, "must be at least 1");
        Check(confidences, correct);
        int[] counts = new int[bins];
        double[] sums = new double[bins];
        int[] right = new int[bins];
        for (int i = 0; i < confidences.Length; i++)
        {
            int bin = Math.Clamp((int)Math.Ceiling(confidences[i] * bins) - 1, 0, bins - 1);
            counts[bin]++;
            sums[bin] += confidences[i];
            right[bin] += correct[i] ? 1 : 0;
        }

        return new ReliabilityDiagram([.. Enumerable.Range(0, bins).Select(b => Bin((double)b / bins, (double)(b + 1) / bins, counts[b], sums[b], right[b]))], confidences.Length);
    }

    /// <summary>Bins of equally many samples of the top label's confidence.</summary>
    /// <param name="probabilities">[n, classes], rows sum to one.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <param name="binSize">Samples per bin, at least 1; the last bin takes the remainder as well.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DataException">No samples, a NaN, no probabilities, or a label out of range.</exception>
    /// <exception cref="OptionsException">The bin size is below 1.</exception>
    public static ReliabilityDiagram EqualCount(Tensor probabilities, Tensor labels, int binSize = 100)
    {
        (double[] confidences, bool[] correct) = ScoreTable.Probabilities(probabilities, labels).TopLabel();
        return EqualCount(confidences, correct, binSize);
    }

    /// <summary>Bins of equally many samples of given confidences, as Hendrycks et al. (2019) bin them.</summary>
    /// <param name="confidences">In [0, 1]; sorted stably.</param>
    /// <param name="correct">Whether each prediction is right; as many as <paramref name="confidences"/>.</param>
    /// <param name="binSize">Samples per bin, at least 1; the last bin takes the remainder as well; fewer samples make one bin.</param>
    /// <exception cref="DataException">No samples, different lengths, or a confidence outside [0, 1].</exception>
    /// <exception cref="OptionsException">The bin size is below 1.</exception>
    public static ReliabilityDiagram EqualCount(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int binSize = 100)
    {
        OptionsException.Require(binSize >= 1, nameof(binSize), binSize, "must be at least 1");
        Check(confidences, correct);
        double[] sorted = confidences.ToArray();
        int[] order = [.. Enumerable.Range(0, sorted.Length).OrderBy(i => sorted[i])];
        int bins = Math.Max(1, sorted.Length / binSize);
        var result = new ReliabilityBin[bins];
        for (int b = 0; b < bins; b++)
        {
            int start = b * binSize;
            int end = b == bins - 1 ? order.Length : start + binSize;
            double sum = 0;
            int right = 0;
            for (int i = start; i < end; i++)
            {
                sum += sorted[order[i]];
                right += correct[order[i]] ? 1 : 0;
            }

            result[b] = Bin(sorted[order[start]], sorted[order[end - 1]], end - start, sum, right);
        }

        return new ReliabilityDiagram(result, order.Length);
    }

    private static ReliabilityBin Bin(double lower, double upper, int count, double sum, int right)
        => new(lower, upper, count, count == 0 ? 0 : sum / count, count == 0 ? 0 : (double)right / count);

    internal static void Check(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct)
    {
        if (confidences.Length != correct.Length)
            throw new DataException("confidences", $"there are {confidences.Length} confidences but {correct.Length} outcomes", "give one outcome per confidence");
        if (confidences.IsEmpty)
            throw new DataException("confidences", "there are no samples", "give at least one");
        for (int i = 0; i < confidences.Length; i++)
        {
            if (!(confidences[i] is >= 0 and <= 1 + 1e-6))
                throw new DataException("confidences", $"confidence {i} is {confidences[i]:R}", "confidences are in [0, 1]");
        }
    }
}
