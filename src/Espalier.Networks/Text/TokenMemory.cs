namespace Espalier.Networks.Text;

/// <summary>What a layer of a causal model keeps of the tokens so far: rows [batch, tokens, width] in the order of time.</summary>
internal sealed class TokenMemory : IDisposable
{
    private Tensor? _rows;

    /// <summary>An empty memory.</summary>
    /// <param name="capacity">Tokens it can hold.</param>
    public TokenMemory(long capacity) => Capacity = capacity;

    /// <summary>Tokens it can hold.</summary>
    public long Capacity { get; }

    /// <summary>Tokens it holds.</summary>
    public long Length { get; private set; }

    /// <summary>Takes the next tokens' rows.</summary>
    /// <param name="rows">[batch, r, width].</param>
    /// <returns>All rows so far, [batch, <see cref="Length"/>, width]: a view.</returns>
    public Tensor Append(Tensor rows)
    {
        _rows ??= torch.empty([rows.shape[0], Capacity, rows.shape[2]], dtype: rows.dtype, device: rows.device).DetachFromDisposeScope();
        using (Tensor target = _rows.narrow(1, Length, rows.shape[1]))
            target.copy_(rows);
        Length += rows.shape[1];
        return _rows.narrow(1, 0, Length);
    }

    /// <summary>Forgets the oldest tokens.</summary>
    /// <param name="tokens">How many, at most <see cref="Length"/>.</param>
    public void Forget(long tokens)
    {
        using var scope = torch.NewDisposeScope();
        Length -= tokens;
        if (_rows is not null && Length > 0)
            _rows.narrow(1, 0, Length).copy_(_rows.narrow(1, tokens, Length).clone());
    }

    public void Dispose() => _rows?.Dispose();
}
