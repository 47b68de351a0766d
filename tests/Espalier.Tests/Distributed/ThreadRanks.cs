using System.Runtime.InteropServices;
using Espalier.Communication;
using Espalier.Errors;

namespace Espalier.Tests.Distributed;

/// <summary>Ranks that are threads of this process: what a job of several processes does, without MPI.</summary>
internal sealed class ThreadRanks : ICommunicator
{
    private readonly Meeting _meeting;

    private ThreadRanks(Meeting meeting, int rank) => (_meeting, Rank) = (meeting, rank);

    public int Rank { get; }

    public int Size => _meeting.Contributions.Length;

    /// <summary>Runs the same work as every rank and gives what each returned.</summary>
    public static T[] Run<T>(int size, Func<ICommunicator, T> work) => [.. Try(size, work).Select(r => r.Error is null ? r.Value! : throw new AggregateException(r.Error))];

    /// <summary>The same; where a rank throws, the error stands in place of its result.</summary>
    public static (T? Value, Exception? Error)[] Try<T>(int size, Func<ICommunicator, T> work)
    {
        using var meeting = new Meeting(size);
        var results = new (T? Value, Exception? Error)[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank].Value = work(new ThreadRanks(meeting, rank));
            }
            catch (Exception error)
            {
                results[rank].Error = error;
                meeting.Leave();
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        return results;
    }

    public void Sum(Tensor values)
    {
        if (values.dtype == torch.float32)
            Sum<float>(values);
        else if (values.dtype == torch.float64)
            Sum<double>(values);
        else
            Sum<long>(values);
    }

    public Task BeginSum(Tensor values)
    {
        Sum(values);
        return Task.CompletedTask;
    }

    public void Sum(Span<double> values) => Sum<double>(MemoryMarshal.AsBytes(values));

    public void Broadcast(Tensor values, int root = 0) => Gather(values.bytes)[root].CopyTo(values.bytes);

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own)
    {
        _meeting.Contributions[Rank] = own.ToArray();
        _meeting.Wait();
        byte[][] all = [.. _meeting.Contributions];
        _meeting.Wait();
        return all;
    }

    public void Barrier() => _meeting.Wait();

    public void Dispose()
    {
    }

    private void Sum<T>(Tensor values)
        where T : struct, System.Numerics.INumber<T> => Sum<T>(values.bytes);

    // In the order of the ranks, so that every rank gets the same bits.
    private void Sum<T>(Span<byte> bytes)
        where T : struct, System.Numerics.INumber<T>
    {
        IReadOnlyList<byte[]> all = Gather(bytes);
        Span<T> sum = MemoryMarshal.Cast<byte, T>(bytes);
        sum.Clear();
        foreach (byte[] one in all)
        {
            ReadOnlySpan<T> part = MemoryMarshal.Cast<byte, T>(one);
            for (int i = 0; i < sum.Length; i++)
                sum[i] += part[i];
        }
    }

    private sealed class Meeting(int size) : IDisposable
    {
        private readonly Barrier _barrier = new(size);
        private readonly CancellationTokenSource _left = new();

        public byte[][] Contributions { get; } = new byte[size][];

        /// <summary>A rank that threw will not come; whoever waits for it must not do so for ever.</summary>
        public void Leave() => _left.Cancel();

        public void Wait()
        {
            try
            {
                _barrier.SignalAndWait(_left.Token);
            }
            catch (OperationCanceledException)
            {
                throw new DistributedException("thread ranks", "another rank has ended", "see its error");
            }
        }

        public void Dispose()
        {
            _barrier.Dispose();
            _left.Dispose();
        }
    }
}
