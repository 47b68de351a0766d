using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>The share of samples whose true class is among the k highest-scored ones. In [0, 1].</summary>
public static class TopKAccuracy
{
    /// <summary>The share.</summary>
    /// <param name="probabilities">[n, classes]; logits do as well. Equal scores rank by class number.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <param name="k">How many classes count, in 1..classes.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DataException">No samples, a NaN, or a label out of range.</exception>
    /// <exception cref="OptionsException">k is out of range.</exception>
    public static double Of(Tensor probabilities, Tensor labels, int k = 5)
    {
        ScoreTable table = ScoreTable.Scores(probabilities, labels);
        OptionsException.Require(k >= 1 && k <= table.ClassCount, nameof(k), k, $"must be in 1..{table.ClassCount}");
        int right = 0;
        for (int i = 0; i < table.Count; i++)
        {
            ReadOnlySpan<double> row = table.Row(i);
            int label = (int)table.Labels[i];
            int rank = 0;
            for (int c = 0; c < row.Length; c++)
                rank += row[c] > row[label] || (row[c] == row[label] && c < label) ? 1 : 0;
            right += rank < k ? 1 : 0;
        }

        return (double)right / table.Count;
    }
}
