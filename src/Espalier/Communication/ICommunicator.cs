namespace Espalier.Communication;

/// <summary>
/// The processes of one job (<em>ranks</em>) and the few collective operations that training, search and evaluation need.
/// Every rank must call the same operations in the same order. Not for several threads at once.
/// </summary>
public interface ICommunicator : IDisposable
{
    /// <summary>This process, in 0..<see cref="Size"/>-1. Rank 0 is the one that writes.</summary>
    int Rank { get; }

    /// <summary>Number of processes, at least 1.</summary>
    int Size { get; }

    /// <summary>Adds up a tensor over all ranks, in place.</summary>
    /// <param name="values">float32, float64 or int64, contiguous, on the CPU; of one shape on all ranks.</param>
    void Sum(Tensor values);

    /// <summary>Starts <see cref="Sum(Tensor)"/> and returns at once; several may be under way, in the order begun.</summary>
    /// <param name="values">As in <see cref="Sum(Tensor)"/>; not to be touched until the task is done.</param>
    /// <returns>Ends when the sum is there.</returns>
    Task BeginSum(Tensor values);

    /// <summary>Adds up numbers over all ranks, in place.</summary>
    /// <param name="values">Of one length on all ranks.</param>
    void Sum(Span<double> values);

    /// <summary>Gives every rank the values of one.</summary>
    /// <param name="values">float32, float64 or int64, contiguous, on the CPU; of one shape on all ranks.</param>
    /// <param name="root">Whose values.</param>
    void Broadcast(Tensor values, int root = 0);

    /// <summary>Gives every rank the bytes of all.</summary>
    /// <param name="own">This rank's, of any length.</param>
    /// <returns>One array per rank, in the order of the ranks.</returns>
    IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own);

    /// <summary>Returns when all ranks have come here.</summary>
    void Barrier();
}
