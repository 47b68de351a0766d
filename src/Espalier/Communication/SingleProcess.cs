namespace Espalier.Communication;

/// <summary>A job of one process: every sum is there already.</summary>
public sealed class SingleProcess : ICommunicator
{
    private SingleProcess()
    {
    }

    /// <summary>The one instance.</summary>
    public static SingleProcess Instance { get; } = new();

    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public void Sum(Tensor values)
    {
    }

    /// <inheritdoc/>
    public Task BeginSum(Tensor values) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Sum(Span<double> values)
    {
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor values, int root = 0)
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => [own.ToArray()];

    /// <inheritdoc/>
    public void Barrier()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
