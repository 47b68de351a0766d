using System.Runtime.ExceptionServices;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>Pieces of work side by side, each with one thread of tensor operations: for models too small for more.</summary>
internal static class ParallelTensors
{
    /// <summary>Does items 0..<paramref name="count"/>-1.</summary>
    /// <param name="count">How many.</param>
    /// <param name="workers">How many at the same time; 1 does them in order with all threads.</param>
    /// <param name="work">Does one.</param>
    /// <param name="cancellationToken">Stops before the next.</param>
    public static void For(int count, int workers, Action<int> work, CancellationToken cancellationToken)
    {
        workers = Math.Min(workers, count);
        if (workers <= 1)
        {
            for (int i = 0; i < count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                work(i);
            }

            return;
        }

        int threads = torch.get_num_threads();
        torch.set_num_threads(1);
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken }, work);
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions.FirstOrDefault(e => e is not OperationCanceledException) ?? errors.InnerExceptions[0]);
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }
}
