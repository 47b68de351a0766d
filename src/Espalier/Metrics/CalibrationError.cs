using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// How far the top label's confidence is from its accuracy. All in [0, 1], 0 is calibrated. The expected and the
/// maximum error use bins of equal width (Guo et al. 2017), the root mean square error bins of equally many samples
/// (Hendrycks et al. 2019).
/// </summary>
public static class CalibrationError
{
    /// <summary>Expected calibration error: the mean of |accuracy - confidence|, weighted by the bins' samples.</summary>
    /// <param name="probabilities">[n, classes], rows sum to one.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <param name="bins">Number of bins of equal width, at least 1.</param>
    /// <exception cref="EspalierException">As <see cref="ReliabilityDiagram.EqualWidth(Tensor, Tensor, int)"/>.</exception>
    public static double Expected(Tensor probabilities, Tensor labels, int bins = 15)
        => Expected(ReliabilityDiagram.EqualWidth(probabilities, labels, bins));

    /// <summary>Expected calibration error of given confidences.</summary>
    /// <param name="confidences">In [0, 1].</param>
    /// <param name="correct">Whether each prediction is right.</param>
    /// <param name="bins">Number of bins of equal width, at least 1.</param>
    /// <exception cref="EspalierException">As <see cref="ReliabilityDiagram.EqualWidth(ReadOnlySpan{double}, ReadOnlySpan{bool}, int)"/>.</exception>
    public static double Expected(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int bins = 15)
        => Expected(ReliabilityDiagram.EqualWidth(confidences, correct, bins));

    /// <summary>Maximum calibration error: the largest |accuracy - confidence| of a bin that is not empty.</summary>
    /// <param name="probabilities">[n, classes], rows sum to one.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <param name="bins">Number of bins of equal width, at least 1.</param>
    /// <exception cref="EspalierException">As <see cref="ReliabilityDiagram.EqualWidth(Tensor, Tensor, int)"/>.</exception>
    public static double Maximum(Tensor probabilities, Tensor labels, int bins = 15)
        => Maximum(ReliabilityDiagram.EqualWidth(probabilities, labels, bins));

    /// <summary>Maximum calibration error of given confidences.</summary>
    /// <param name="confidences">In [0, 1].</param>
    /// <param name="correct">Whether each prediction is right.</param>
    /// <param name="bins">Number of bins of equal width, at least 1.</param>
    /// <exception cref="EspalierException">As <see cref="ReliabilityDiagram.EqualWidth(ReadOnlySpan{double}, ReadOnlySpan{bool}, int)"/>.</exception>
    public static double Maximum(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int bins = 15)
        => Maximum(ReliabilityDiagram.EqualWidth(confidences, correct, bins));

    /// <summary>Root mean square calibration error: the root of the weighted mean of (accuracy - confidence)^2.</summary>
    /// <param name="probabilities">[n, classes], rows sum to one.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <param name="binSize">Samples per bin, at least 1; the last bin takes the remainder as well.</param>
    /// <exception cref="EspalierException">As <see cref="ReliabilityDiagram.EqualCount(Tensor, Tensor, int)"/>.</exception>
    public static double RootMeanSquare(Tensor probabilities, Tensor labels, int binSize = 100)
        => RootMeanSquare(ReliabilityDiagram.EqualCount(probabilities, labels, binSize));

    /// <summary>Root mean square calibration error of given confidences; an out-of-distribution sample is never correct.</summary>
    /// <param name="confidences">In [0, 1].</param>
    /// <param name="correct">Whether each prediction is right.</param>
    /// <param name="binSize">Samples per bin, at least 1; the last bin takes the remainder as well.</param>
    /// <param name="compat">
    /// Whether the last, most confident bin is left out, as the code of Hendrycks et al. (2019) does by mistake: of 1,230
    /// samples it leaves out 130. Only to compare with their numbers.
    /// </param>
    /// <exception cref="EspalierException">As <see cref="ReliabilityDiagram.EqualCount(ReadOnlySpan{double}, ReadOnlySpan{bool}, int)"/>.</exception>
    public static double RootMeanSquare(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int binSize = 100, bool compat = false)
        => RootMeanSquare(ReliabilityDiagram.EqualCount(confidences, correct, binSize), compat);

    /// <summary>Mean absolute calibration error over bins of equally many samples: the weighted mean of |accuracy - confidence|.</summary>
    /// <param name="confidences">In [0, 1].</param>
    /// <param name="correct">Whether each prediction is right; an out-of-distribution sample is never right.</param>
    /// <param name="binSize">Samples per bin, at least 1; the last bin takes the remainder as well.</param>
    /// <param name="compat">Whether the last, most confident bin is left out as in <see cref="RootMeanSquare(ReadOnlySpan{double}, ReadOnlySpan{bool}, int, bool)"/>.</param>
    /// <exception cref="EspalierException">As <see cref="ReliabilityDiagram.EqualCount(ReadOnlySpan{double}, ReadOnlySpan{bool}, int)"/>.</exception>
    public static double MeanAbsolute(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int binSize = 100, bool compat = false)
    {
        ReliabilityDiagram diagram = ReliabilityDiagram.EqualCount(confidences, correct, binSize);
        return Counted(diagram, compat).Sum(b => b.Count * Math.Abs(b.Gap)) / diagram.Count;
    }

    /// <summary>The largest |accuracy - confidence| of a bin of equally many samples.</summary>
    /// <param name="confidences">In [0, 1].</param>
    /// <param name="correct">Whether each prediction is right; an out-of-distribution sample is never right.</param>
    /// <param name="binSize">Samples per bin, at least 1; the last bin takes the remainder as well.</param>
    /// <param name="compat">Whether the last, most confident bin is left out.</param>
    /// <exception cref="EspalierException">As <see cref="ReliabilityDiagram.EqualCount(ReadOnlySpan{double}, ReadOnlySpan{bool}, int)"/>.</exception>
    public static double MaximumOfEqualCounts(ReadOnlySpan<double> confidences, ReadOnlySpan<bool> correct, int binSize = 100, bool compat = false)
        => Counted(ReliabilityDiagram.EqualCount(confidences, correct, binSize), compat).Select(b => Math.Abs(b.Gap)).DefaultIfEmpty(0).Max();

    private static double Expected(ReliabilityDiagram diagram)
        => diagram.Bins.Sum(b => b.Count * Math.Abs(b.Gap)) / diagram.Count;

    private static double Maximum(ReliabilityDiagram diagram)
        => diagram.Bins.Where(b => b.Count > 0).Max(b => Math.Abs(b.Gap));

    private static double RootMeanSquare(ReliabilityDiagram diagram, bool compat = false)
        => Math.Sqrt(Counted(diagram, compat).Sum(b => b.Count * b.Gap * b.Gap) / diagram.Count);

    private static IEnumerable<ReliabilityBin> Counted(ReliabilityDiagram diagram, bool compat) => compat ? diagram.Bins.SkipLast(1) : diagram.Bins;
}
