using Espalier.Errors;

namespace Espalier.Metrics;

/// <summary>Scores or probabilities of several classes with the true labels, read out of tensors and checked once.</summary>
internal sealed class ScoreTable
{
    private readonly double[] _scores;

    private ScoreTable(double[] scores, long[] labels, int classes)
        => (_scores, Labels, ClassCount) = (scores, labels, classes);

    public long[] Labels { get; }

    public int Count => Labels.Length;

    public int ClassCount { get; }

    public ReadOnlySpan<double> Row(int i) => _scores.AsSpan(i * ClassCount, ClassCount);

    public static ScoreTable Scores(Tensor scores, Tensor labels)
    {
        if (scores.shape is not [var rows, var classes] || classes < 1)
            throw new ShapeException("scores", scores.shape, "[n, classes]");
        long[] truth = Integers(labels, nameof(labels));
        if (truth.Length != rows)
            throw new ShapeException(nameof(labels), labels.shape, $"[{rows}], one label per row of scores");
        if (rows == 0)
            throw new DataException("scores", "there are no samples", "give at least one");
        int bad = Array.FindIndex(truth, l => l < 0 || l >= classes);
        if (bad >= 0)
            throw new DataException("labels", $"label {truth[bad]} of row {bad} is out of range", $"labels run from 0 to {classes - 1}");

        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        double[] values = scores.detach().cpu().to(torch.float64).contiguous().data<double>().ToArray();
        bad = Array.FindIndex(values, double.IsNaN);
        if (bad >= 0)
            throw new DataException("scores", $"row {bad / classes}, class {bad % classes} is NaN", "find the input that the model answers with NaN");
        return new ScoreTable(values, truth, (int)classes);
    }

    public static ScoreTable Probabilities(Tensor probabilities, Tensor labels)
    {
        ScoreTable table = Scores(probabilities, labels);
        for (int i = 0; i < table.Count; i++)
        {
            double sum = 0;
            foreach (double p in table.Row(i))
            {
                if (p is < 0 or > 1 + 1e-6)
                    throw new DataException("probabilities", $"row {i} holds {p:R}", "probabilities are in [0, 1]; apply softmax to logits");
                sum += p;
            }

            // Half precision rounds each of many classes: the tolerance grows with their number.
            if (Math.Abs(sum - 1) > 1e-3 * Math.Max(1, table.ClassCount / 10.0))
                throw new DataException("probabilities", $"row {i} sums to {sum:R}", "rows sum to one; apply softmax to logits");
        }

        return table;
    }

    /// <summary>The first of the highest-scored classes.</summary>
    public int Predicted(int i)
    {
        ReadOnlySpan<double> row = Row(i);
        int best = 0;
        for (int c = 1; c < row.Length; c++)
        {
            if (row[c] > row[best])
                best = c;
        }

        return best;
    }

    public (double[] Confidences, bool[] Correct) TopLabel()
    {
        double[] confidences = new double[Count];
        bool[] correct = new bool[Count];
        for (int i = 0; i < Count; i++)
        {
            int predicted = Predicted(i);
            (confidences[i], correct[i]) = (Row(i)[predicted], predicted == Labels[i]);
        }

        return (confidences, correct);
    }

    public static long[] Integers(Tensor values, string what)
    {
        if (values.dim() != 1)
            throw new ShapeException(what, values.shape, "[n]");
        if (values.is_floating_point())
            throw new DataException(what, $"are of type {values.dtype}", "give integers");
        using var scope = torch.NewDisposeScope();
        return values.cpu().to(torch.int64).contiguous().data<long>().ToArray();
    }
}
