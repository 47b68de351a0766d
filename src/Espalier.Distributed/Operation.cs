namespace Espalier.Distributed;

/// <summary>A collective operation on its way through the communication thread.</summary>
internal sealed class Operation(CollectiveCall call)
{
    // Whoever waits goes on in a thread of its own: the communication thread has other operations to do.
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CollectiveCall Call { get; } = call;

    /// <summary>The memory of a sum or a broadcast.</summary>
    public NativeSpan[] Spans { get; init; } = [];

    /// <summary>Keeps that memory until the operation is done, whatever becomes of the caller's tensor.</summary>
    public Tensor? Keeper { get; init; }

    /// <summary>This rank's bytes, of a gathering.</summary>
    public byte[] Own { get; init; } = [];

    /// <summary>The bytes of all ranks, when the gathering is done.</summary>
    public byte[][] Gathered { get; set; } = [];

    public Task Done => _done.Task;

    public void Succeed()
    {
        Keeper?.Dispose();
        _done.SetResult();
    }

    public void Fail(Exception error)
    {
        Keeper?.Dispose();
        _done.SetException(error);
        _ = _done.Task.Exception; // Nobody may be waiting; that is not an unobserved error.
    }
}
