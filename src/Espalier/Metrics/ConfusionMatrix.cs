using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>How often each true class was predicted as each class, and what follows from it.</summary>
public sealed class ConfusionMatrix
{
    private readonly long[,] _counts;

    private ConfusionMatrix(long[,] counts) => _counts = counts;

    /// <summary>Number of classes.</summary>
    public int ClassCount => _counts.GetLength(0);

    /// <summary>A copy of the counts, [true class, predicted class].</summary>
    public long[,] Counts => (long[,])_counts.Clone();

    /// <summary>How often a true class was predicted as another.</summary>
    /// <param name="truth">The true class.</param>
    /// <param name="predicted">The predicted class.</param>
    public long this[int truth, int predicted] => _counts[truth, predicted];

    /// <summary>Number of samples.</summary>
    public long Total => _counts.Cast<long>().Sum();

    /// <summary>The share of samples on the diagonal, in [0, 1].</summary>
    public double Accuracy => (double)Enumerable.Range(0, ClassCount).Sum(c => _counts[c, c]) / Total;

    /// <summary>The mean F1 of the classes that occur in the truth or the predictions, in [0, 1].</summary>
    public double MacroF1 => Enumerable.Range(0, ClassCount).Where(c => Actual(c) + Predicted(c) > 0).Average(F1);

    /// <summary>Counts predictions.</summary>
    /// <param name="predicted">[n], integers in 0..<paramref name="classCount"/>-1.</param>
    /// <param name="labels">[n], integers in 0..<paramref name="classCount"/>-1.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <exception cref="ShapeException">Not one dimension.</exception>
    /// <exception cref="DataException">No samples, different lengths, or a label out of range.</exception>
    public static ConfusionMatrix Of(Tensor predicted, Tensor labels, int classCount)
        => Of(ScoreTable.Integers(predicted, nameof(predicted)), ScoreTable.Integers(labels, nameof(labels)), classCount);

    /// <summary>Counts predictions.</summary>
    /// <param name="predicted">Predicted labels in 0..<paramref name="classCount"/>-1.</param>
    /// <param name="labels">True labels in 0..<paramref name="classCount"/>-1; as many.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <exception cref="DataException">No samples, different lengths, or a label out of range.</exception>
    public static ConfusionMatrix Of(ReadOnlySpan<long> predicted, ReadOnlySpan<long> labels, int classCount)
    {
        OptionsException.Require(classCount >= 1, nameof(classCount), classCount, "must be at least 1");
        if (predicted.Length != labels.Length)
            throw new DataException(nameof(predicted), $"there are {predicted.Length} predictions but {labels.Length} labels", "give one prediction per label");
        if (labels.IsEmpty)
            throw new DataException(nameof(labels), "there are no samples", "give at least one");
        long[,] counts = new long[classCount, classCount];
        for (int i = 0; i < labels.Length; i++)
            counts[Checked(labels[i], i, nameof(labels), classCount), Checked(predicted[i], i, nameof(predicted), classCount)]++;
        return new ConfusionMatrix(counts);
    }

    /// <summary>Of what was predicted as a class, the share that is; 0 where it was never predicted.</summary>
    /// <param name="c">The class.</param>
    public double Precision(int c) => Share(_counts[c, c], Predicted(c));

    /// <summary>Of a class, the share that was found; 0 where it never occurs.</summary>
    /// <param name="c">The class.</param>
    public double Recall(int c) => Share(_counts[c, c], Actual(c));

    /// <summary>The harmonic mean of precision and recall; 0 where the class neither occurs nor is predicted.</summary>
    /// <param name="c">The class.</param>
    public double F1(int c) => Share(2 * _counts[c, c], Actual(c) + Predicted(c));

    private static int Checked(long label, int row, string what, int classCount) => label >= 0 && label < classCount
        ? (int)label
        : throw new DataException(what, $"label {label} of row {row} is out of range", $"labels run from 0 to {classCount - 1}");

    private static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;

    private long Actual(int c) => Enumerable.Range(0, ClassCount).Sum(p => _counts[c, p]);

    private long Predicted(int c) => Enumerable.Range(0, ClassCount).Sum(t => _counts[t, c]);
}
