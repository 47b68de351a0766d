using Espalier.Errors;

namespace Espalier.Data;

/// <summary>Samples without labels: the rows of one tensor in memory.</summary>
public sealed class InputRows : ISampleSource<InputBatch>, IDisposable
{
    private readonly Tensor _inputs;

    /// <summary>Takes over a tensor.</summary>
    /// <param name="name">The source's name.</param>
    /// <param name="inputs">[n, ...], any type.</param>
    /// <exception cref="DataException">There are no samples.</exception>
    public InputRows(string name, Tensor inputs)
    {
        Name = name;
        _inputs = inputs.contiguous().DetachFromDisposeScope();
        if (_inputs.Handle != inputs.Handle)
            inputs.Dispose();
        if (_inputs.dim() == 0 || _inputs.shape[0] == 0)
        {
            _inputs.Dispose();
            throw new DataException(name, "has no samples", "give at least one");
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long Count => _inputs.shape[0];

    /// <inheritdoc/>
    public torch.Device Device => _inputs.device;

    /// <inheritdoc/>
    public string Fingerprint => field ??= ContentChecksum.Of(_inputs, null, _inputs.shape, 1);

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
    public InputBatch Gather(ReadOnlySpan<long> indices, long position) => new(RowGather.Of(_inputs, indices, Name)) { Position = position };

    /// <inheritdoc/>
    public void Dispose() => _inputs.Dispose();
}
