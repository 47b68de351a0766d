using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// Negative log-likelihood of the true class, natural logarithm, averaged over the samples. At least 0; log(classes)
/// is what a uniform guess scores.
/// </summary>
public static class LogLoss
{
    /// <summary>The loss in nats.</summary>
    /// <param name="probabilities">[n, classes], rows sum to one.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <param name="clip">Probabilities below this count as this, so that one hopeless sample stays finite; in (0, 1).</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DataException">No samples, a NaN, no probabilities, or a label out of range.</exception>
    /// <exception cref="OptionsException">The clip is out of range.</exception>
    public static double Of(Tensor probabilities, Tensor labels, double clip = 1e-15)
    {
        OptionsException.Require(clip is > 0 and < 1, nameof(clip), clip, "must be above 0 and below 1");
        ScoreTable table = ScoreTable.Probabilities(probabilities, labels);
        double sum = 0;
        for (int i = 0; i < table.Count; i++)
            sum -= Math.Log(Math.Clamp(table.Row(i)[(int)table.Labels[i]], clip, 1));
        return sum / table.Count;
    }
}
