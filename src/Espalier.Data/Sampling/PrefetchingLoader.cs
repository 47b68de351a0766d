using System.Collections;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Espalier.Errors;

namespace Espalier.Data.Sampling;

/// <summary>
/// Gathers the next batches on a thread of its own while the consumer works on this one. Read once, by one consumer;
/// every batch belongs to whoever received it and is in no dispose scope.
/// </summary>
/// <typeparam name="TBatch">What is gathered.</typeparam>
public sealed class PrefetchingLoader<TBatch> : IDisposable, IEnumerable<TBatch>
    where TBatch : IBatch
{
    private readonly BlockingCollection<TBatch> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _failure;
    private bool _disposed;

    /// <summary>Starts gathering at once.</summary>
    /// <param name="name">What is gathered, for the thread's name.</param>
    /// <param name="batches">Gathers the batches as it is enumerated, on the loader's thread; may be endless.</param>
    /// <param name="ahead">How many finished batches may wait, at least 1.</param>
    /// <exception cref="OptionsException"><paramref name="ahead"/> is below 1.</exception>
    public PrefetchingLoader(string name, IEnumerable<TBatch> batches, int ahead = 2)
    {
        OptionsException.Require(ahead >= 1, nameof(ahead), ahead, "must be at least 1");
        _queue = new BlockingCollection<TBatch>(ahead);
        _thread = new Thread(() => Gather(batches)) { IsBackground = true, Name = $"loader of {name}" };
        _thread.Start();
    }

    /// <summary>The batches in order. What the loader's thread threw is thrown here, after the batches before it.</summary>
    /// <exception cref="ObjectDisposedException">The loader is disposed.</exception>
    public IEnumerator<TBatch> GetEnumerator()
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_queue.TryTake(out TBatch? batch, Timeout.Infinite))
                break;
            yield return batch;
        }

        _failure?.Throw();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Stops the thread and frees the batches nobody took.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _stop.Cancel();
        _thread.Join();
        while (_queue.TryTake(out TBatch? batch))
            batch.Dispose();
        _queue.Dispose();
        _stop.Dispose();
    }

    private void Gather(IEnumerable<TBatch> batches)
    {
        try
        {
            foreach (TBatch batch in batches)
            {
                try
                {
                    _queue.Add(batch, _stop.Token);
                }
                catch (OperationCanceledException)
                {
                    batch.Dispose();
                    return;
                }
            }
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to the consumer: an exception on a thread ends the process.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _failure = ExceptionDispatchInfo.Capture(error);
        }
        finally
        {
            _queue.CompleteAdding();
        }
    }
}
