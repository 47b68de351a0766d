using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Espalier.Anomaly.Detectors;

/// <summary>Largest logit and Σ exp((l - largest) / T) of each row, in one pass over memory: softmax and log-sum-exp come from these.</summary>
internal static class RowExponentials
{
    // What a core's cache holds.
    private const int ValuesPerTask = 16_384;

    // Fewer are done sooner than a second thread is awake.
    private const long LeastForThreads = 1 << 20;

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
        int rowsPerTask = Math.Max(1, ValuesPerTask / classes);
        int tasks = (count + rowsPerTask - 1) / rowsPerTask;
        if ((long)count * classes >= LeastForThreads)
        {
            Parallel.For(0, tasks, new ParallelOptions { MaxDegreeOfParallelism = torch.get_num_threads() }, Fill);
        }
        else
        {
            for (int task = 0; task < tasks; task++)
                Fill(task);
        }

        return values.MoveToOuterDisposeScope();

        void Fill(int task)
        {
            int first = task * rowsPerTask;
            int own = Math.Min(rowsPerTask, count - first);
            ReadOnlySpan<double> source = MemoryMarshal.Cast<byte, double>(rows.bytes).Slice(first * classes, own * classes);
            Span<double> target = MemoryMarshal.Cast<byte, double>(values.bytes).Slice(first, own);
            double[] rented = ArrayPool<double>.Shared.Rent(own * classes);
            Span<double> shifted = rented.AsSpan(0, own * classes);
            for (int r = 0; r < own; r++)
            {
                ReadOnlySpan<double> row = source.Slice(r * classes, classes);
                double largest = row[0];
                for (int c = 1; c < row.Length; c++)
                    largest = row[c] > largest ? row[c] : largest;
                target[r] = largest;
                Span<double> moved = shifted.Slice(r * classes, classes);
                for (int c = 0; c < row.Length; c++)
                    moved[c] = row[c] - largest;
            }

            if (temperature != 1)
                TensorPrimitives.Divide(shifted, temperature, shifted);
            TensorPrimitives.Exp(shifted, shifted);
            for (int r = 0; r < own; r++)
            {
                double sum = 0;
                foreach (double power in shifted.Slice(r * classes, classes))
                    sum += power;
                target[r] = result(target[r], sum);
            }

            ArrayPool<double>.Shared.Return(rented);
        }
    }
}
