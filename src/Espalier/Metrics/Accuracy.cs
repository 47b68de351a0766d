using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>The share of samples whose highest-scored class is the true one. In [0, 1].</summary>
public static class Accuracy
{
    /// <summary>The share, from scores.</summary>
    /// <param name="probabilities">[n, classes]; logits do as well. Of equally high classes the first is predicted.</param>
    /// <param name="labels">[n], integers in 0..classes-1.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DataException">No samples, a NaN, or a label out of range.</exception>
    public static double Of(Tensor probabilities, Tensor labels) => TopKAccuracy.Of(probabilities, labels, 1);

    /// <summary>The share, from predicted labels.</summary>
    /// <param name="predicted">[n], integers.</param>
    /// <param name="labels">[n], integers.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DataException">No samples.</exception>
    public static double OfPredictions(Tensor predicted, Tensor labels)
    {
        long[] guesses = ScoreTable.Integers(predicted, nameof(predicted));
        long[] truth = ScoreTable.Integers(labels, nameof(labels));
        if (guesses.Length != truth.Length)
            throw new ShapeException(nameof(predicted), predicted.shape, $"[{truth.Length}], one per label");
        if (truth.Length == 0)
            throw new DataException(nameof(labels), "there are no samples", "give at least one");
        int right = 0;
        for (int i = 0; i < truth.Length; i++)
            right += guesses[i] == truth[i] ? 1 : 0;
        return (double)right / truth.Length;
    }
}
