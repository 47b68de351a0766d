using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>
/// Squared distance between the probabilities and the one-hot truth, summed over the classes and averaged over the
/// samples, as Brier (1950) defined it for several classes. In [0, 2]; for two classes twice the binary form.
/// </summary>
public static class BrierScore
{
    /// <summary>The score.</summary>
    /// <param name="probabilities">[n, classes], rows sum to one.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DataException">No samples, a NaN, no probabilities, or a label out of range.</exception>
    public static double Of(Tensor probabilities, Tensor labels)
    {
        ScoreTable table = ScoreTable.Probabilities(probabilities, labels);
        double sum = 0;
        for (int i = 0; i < table.Count; i++)
        {
            ReadOnlySpan<double> row = table.Row(i);
            for (int c = 0; c < row.Length; c++)
            {
                double gap = row[c] - (c == table.Labels[i] ? 1 : 0);
                sum += gap * gap;
            }
        }

        return sum / table.Count;
    }
}
