using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Espalier.Anomaly;

/// <summary>Largest logit and Σ exp((l - largest) / T) of each row, in one pass over memory: softmax and log-sum-exp come from these.</summary>
internal static class RowExponentials
{
    private const int RowsPerTask = 2048;

    /// <summary>A function of both for each row.</summary>
    /// <param name="logits">[n, classes], float64, finite, on the CPU.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="result">From the largest logit and the sum, which is at least 1.</param>
    /// <returns>[n], float64.</returns>
    public static Tensor Of(Tensor logits, double temperature, Func<double, double, double> result)
    {
        using var scope = torch.NewDisposeScope();
        Tensor rows = logits.contiguous();
        (int count, int classes) = (checked((int)rows.shape[0]), (int)rows.shape[1]);
        Tensor values = torch.empty(count, dtype: torch.float64);
        if (count == 0)
            return values.MoveToOuterDisposeScope();
        Parallel.For(0, (count + RowsPerTask - 1) / RowsPerTask, new ParallelOptions { MaxDegreeOfParallelism = torch.get_num_threads() }, task =>
        {
            int first = task * RowsPerTask;
            int own = Math.Min(RowsPerTask, count - first);
            ReadOnlySpan<double> source = MemoryMarshal.Cast<byte, double>(rows.bytes).Slice(first * classes, own * classes);
            Span<double> target = MemoryMarshal.Cast<byte, double>(values.bytes).Slice(first, own);
            double[] shifted = new double[own * classes];
            double[] largest = new double[own];
            for (int r = 0; r < own; r++)
            {
                ReadOnlySpan<double> row = source.Slice(r * classes, classes);
                double top = row[0];
                for (int c = 1; c < row.Length; c++)
                    top = Math.Max(top, row[c]);
                largest[r] = top;
                for (int c = 0; c < row.Length; c++)
                    shifted[(r * classes) + c] = (row[c] - top) / temperature;
            }

            TensorPrimitives.Exp(shifted, shifted);
            for (int r = 0; r < own; r++)
            {
                double sum = 0;
                for (int c = 0; c < classes; c++)
                    sum += shifted[(r * classes) + c];
                target[r] = result(largest[r], sum);
            }
        });
        return values.MoveToOuterDisposeScope();
    }
}
