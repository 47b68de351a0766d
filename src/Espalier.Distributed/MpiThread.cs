using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Espalier.Errors;
using Unsafe = MPI.Unsafe;

namespace Espalier.Distributed;

/// <summary>
/// The one thread that calls MPI, so that the weakest level of thread support suffices and a sum runs while the caller
/// computes. Each operation begins with a small all-gather in which every rank says what it is about to do. That costs
/// some microseconds and buys three things: the wait for a slower rank can sleep, while the transfer itself, when all
/// are there, does not; ranks that have come apart get an error instead of a hang or wrong numbers; and nothing else is
/// needed to gather arrays of unequal length.
/// </summary>
internal sealed class MpiThread
{
    private const int World = Unsafe.MPI_COMM_WORLD;
    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<Operation> _queue = [];
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private DistributedException? _failure;
    private bool _isBroken;
    private nint _announcements;
    private volatile Current? _current;
    private int _abort = -1;

    public MpiThread()
    {
        _thread = new Thread(Work) { Name = "MPI", IsBackground = true };
        _thread.Start();
        _started.Task.GetAwaiter().GetResult();
    }

    public int Rank { get; private set; }

    public int Size { get; private set; }

    /// <summary>The operation under way and since when, or null.</summary>
    public Current? UnderWay => _current;

    public Operation Submit(Operation operation)
    {
        try
        {
            _queue.Add(operation);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(MpiCommunicator));
        }

        return operation;
    }

    /// <summary>Leaves the job together with the other ranks.</summary>
    public void Leave()
    {
        _queue.Add(new Operation(new CollectiveCall { Kind = CollectiveKind.Leave }));
        _queue.CompleteAdding();
        _thread.Join();
    }

    /// <summary>Ends all ranks.</summary>
    public void Abort(int exitCode)
    {
        Volatile.Write(ref _abort, exitCode);
        try
        {
            _queue.Add(new Operation(default));
        }
        catch (InvalidOperationException)
        {
            // It is leaving, and looks at the request while it waits.
        }

        // It may be stuck within MPI. A rank that ends without a farewell makes the launcher end the others too.
        _thread.Join(AbortLimit);
        NativeEnvironment.End(exitCode);
    }

    private unsafe void Work()
    {
        try
        {
            Initialize();
            _announcements = (nint)NativeMemory.AllocZeroed((nuint)(sizeof(CollectiveCall) * (Size + 1)));
        }
        catch (DistributedException error)
        {
            _started.SetException(error);
            return;
        }

        _started.SetResult();
        foreach (Operation operation in _queue.GetConsumingEnumerable())
        {
            AbortIfAsked();
            Do(operation);
        }

        // After an error of MPI itself the farewell could hang.
        if (!_isBroken)
            _ = Unsafe.MPI_Finalize();
        NativeMemory.Free((void*)_announcements);
    }

    private unsafe void Initialize()
    {
        MpiLibrary.Require();
        Check(Unsafe.MPI_Initialized(out int before), "be asked whether it runs");
        if (before != 0)
            throw new DistributedException("MPI", "it was started in this process before, which it allows once", "keep one MpiCommunicator for the life of the process");
        if (MpiLaunch.IsOpenMpi)
            throw new DistributedException("MPI", "the job was started by Open MPI's mpiexec, and Espalier speaks to MPICH", "start it with mpiexec.mpich");
        int argc = 0;
        byte** argv = null;
        Check(Unsafe.MPI_Init_thread(ref argc, ref argv, Unsafe.MPI_THREAD_FUNNELED, out _), "be started");
        Check(MpiNative.SetErrorHandler(World, Unsafe.MPI_ERRORS_RETURN), "be told to return its errors");
        Check(Unsafe.MPI_Comm_rank(World, out int rank), "say the rank");
        Check(Unsafe.MPI_Comm_size(World, out int size), "say the number of ranks");
        if (MpiLaunch.Size is { } expected && expected != size)
            throw new DistributedException("MPI", $"the launcher started {expected} ranks, of which the library sees {size}", "use the mpiexec that belongs to the library: mpiexec.mpich");
        (Rank, Size) = (rank, size);
    }

    private void Do(Operation operation)
    {
        if (_failure is { } earlier)
        {
            operation.Fail(earlier);
            return;
        }

        _current = new Current(operation.Call, DateTime.UtcNow);
        try
        {
            Execute(operation);
            operation.Succeed();
        }
        catch (DistributedException error)
        {
            _failure = error;
            operation.Fail(error);
        }
        finally
        {
            _current = null;
        }
    }

    private void Execute(Operation operation)
    {
        ReadOnlySpan<CollectiveCall> calls = Announce(operation.Call);
        RequireFit(calls);
        switch (operation.Call.Kind)
        {
            case CollectiveKind.Sum:
                foreach (NativeSpan span in operation.Spans)
                {
                    Check(MpiNative.BeginAllReduce(MpiNative.InPlace, span.Address, span.Count, TypeOf(operation.Call.Element), Unsafe.MPI_SUM, World, out int request), "begin a sum");
                    Complete(request, allAreHere: true);
                }

                break;
            case CollectiveKind.Broadcast:
                foreach (NativeSpan span in operation.Spans)
                    Broadcast(span, operation.Call.Element, operation.Call.Root);
                break;
            case CollectiveKind.Gather:
                operation.Gathered = Gather(operation.Own, calls);
                break;
        }
    }

    private unsafe ReadOnlySpan<CollectiveCall> Announce(CollectiveCall own)
    {
        var buffer = (CollectiveCall*)_announcements;
        *buffer = own;
        int bytes = sizeof(CollectiveCall);
        Check(MpiNative.BeginAllGather((nint)buffer, bytes, Unsafe.MPI_BYTE, (nint)(buffer + 1), bytes, Unsafe.MPI_BYTE, World, out int request), "announce an operation");
        Complete(request, allAreHere: false);
        return new ReadOnlySpan<CollectiveCall>(buffer + 1, Size);
    }

    // All ranks see the same calls, so all say the same.
    private static void RequireFit(ReadOnlySpan<CollectiveCall> calls)
    {
        for (int rank = 1; rank < calls.Length; rank++)
        {
            if (calls[rank].Fits(calls[0]))
                continue;
            (int leaver, int other) = calls[0].Kind == CollectiveKind.Leave ? (0, rank) : (rank, 0);
            throw calls[leaver].Kind == CollectiveKind.Leave
                ? new DistributedException($"rank {leaver}", $"it leaves the job while rank {other} {calls[other]}", $"see why rank {leaver} ended, and start the job again")
                : new DistributedException("the ranks have come apart", $"rank 0 {calls[0]} while rank {rank} {calls[rank]}", "start every rank with the same command, files and version");
        }
    }

    private byte[][] Gather(byte[] own, ReadOnlySpan<CollectiveCall> calls)
    {
        byte[][] all = new byte[Size][];
        for (int root = 0; root < Size; root++)
        {
            all[root] = GC.AllocateUninitializedArray<byte>(checked((int)calls[root].Count), pinned: true);
            if (root == Rank)
                own.CopyTo(all[root], 0);
            if (all[root].Length > 0)
                Broadcast(new NativeSpan(Marshal.UnsafeAddrOfPinnedArrayElement(all[root], 0), all[root].Length), ElementType.Byte, root);
        }

        return all;
    }

    private void Broadcast(NativeSpan span, ElementType element, int root)
    {
        Check(MpiNative.BeginBroadcast(span.Address, span.Count, TypeOf(element), root, World, out int request), "begin a broadcast");
        Complete(request, allAreHere: true);
    }

    private void Complete(int request, bool allAreHere)
    {
        var patience = new Patience();
        while (true)
        {
            Check(MpiNative.Test(ref request, out int done, MpiNative.NoStatus), "exchange messages");
            if (done != 0)
                return;
            AbortIfAsked();
            patience.Wait(sleep: !allAreHere);
        }
    }

    private void AbortIfAsked()
    {
        if (Volatile.Read(ref _abort) is not (var code and >= 0))
            return;
        NativeEnvironment.SilenceErrors();
        _ = Unsafe.MPI_Abort(World, code);
    }

    private void Check(int result, string task)
    {
        if (result == Unsafe.MPI_SUCCESS)
            return;
        byte[] text = new byte[Unsafe.MPI_MAX_ERROR_STRING];
        int length = text.Length;
        _ = Unsafe.MPI_Error_string(result, text, ref length);
        string reason = Encoding.UTF8.GetString(text, 0, Math.Clamp(length, 0, text.Length)).ReplaceLineEndings(" ").Trim('\0', ' ');
        _isBroken = true;
        throw new DistributedException(Size == 0 ? "MPI" : $"rank {Rank} of {Size}", $"MPI could not {task} ({reason})", "see that all ranks and the network between them work, and start the job again");
    }

    private static int TypeOf(ElementType element) => element switch
    {
        ElementType.Float32 => Unsafe.MPI_FLOAT,
        ElementType.Float64 => Unsafe.MPI_DOUBLE,
        ElementType.Int64 => Unsafe.MPI_LONG_LONG,
        _ => Unsafe.MPI_BYTE,
    };

    /// <summary>An operation under way.</summary>
    /// <param name="Call">Which.</param>
    /// <param name="Since">Since when (UTC).</param>
    internal sealed record Current(CollectiveCall Call, DateTime Since);
}
