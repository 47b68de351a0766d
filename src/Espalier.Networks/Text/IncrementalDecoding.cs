using Espalier.Errors;

namespace Espalier.Networks.Text;

/// <summary>
/// Decodes text token by token. Every block keeps what later tokens need of earlier ones (gate inputs for gMLP, keys and
/// values for attention), so that a token costs L(d·e + t·h + h·d) instead of a pass over the whole prefix; the logits are those
/// of the full pass. A model that can stream (<see cref="TextEncoder.CanStream"/>) forgets its oldest token beyond
/// <see cref="TextEncoder.MaxLength"/>: unlike a window computed again, its deeper layers still remember what those saw.
/// </summary>
public sealed class IncrementalDecoding : IDisposable
{
    private readonly CausalLanguageModel _model;
    private readonly IReadOnlyList<BlockMemory> _memories;
    private long _batch = -1;

    internal IncrementalDecoding(CausalLanguageModel model)
    {
        _model = model;
        _memories = model.Encoder.CreateMemories();
    }

    /// <summary>Tokens taken so far.</summary>
    public long Length { get; private set; }

    /// <summary>Whether it can take so many tokens more.</summary>
    /// <param name="tokens">How many.</param>
    public bool CanAppend(long tokens = 1) => _model.Encoder.CanStream || Length + tokens <= _model.Encoder.MaxLength;

    /// <summary>Takes the next tokens.</summary>
    /// <param name="ids">[batch, r], int64; the batch of the first call stays.</param>
    /// <returns>Logits of what follows the last of them, [batch, V]; belongs to the caller's dispose scope.</returns>
    /// <exception cref="ShapeException">Another batch, no tokens, or more than the model was made for.</exception>
    /// <exception cref="DataException">An id is none of the vocabulary's.</exception>
    public Tensor Append(Tensor ids)
    {
        TextEncoder encoder = _model.Encoder;
        if (ids.dim() != 2 || ids.dtype != torch.int64 || ids.shape[1] < 1 || (_batch >= 0 && ids.shape[0] != _batch))
            throw new ShapeException($"token ids of type {ids.dtype}", ids.shape, $"[{(_batch < 0 ? "batch" : _batch)}, tokens], int64");
        if (!CanAppend(ids.shape[1]))
            throw new ShapeException("token ids", ids.shape, $"at most {encoder.MaxLength - Length} more tokens after {Length}: the network was made for {encoder.MaxLength}; start again with the last ones");
        encoder.RequireKnown(ids);
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        _batch = ids.shape[0];
        bool fits = Length + ids.shape[1] <= encoder.MaxLength;
        Tensor hidden = fits ? encoder.Next(ids, _memories, Length) : Streamed(encoder, ids);
        Length += ids.shape[1];
        return _model.Project(hidden.select(1, hidden.shape[1] - 1)).MoveToOuterDisposeScope();
    }

    /// <summary>Frees what the blocks keep.</summary>
    public void Dispose()
    {
        foreach (BlockMemory memory in _memories)
            memory.Dispose();
    }

    // Token by token, since each one's window starts one later.
    private Tensor Streamed(TextEncoder encoder, Tensor ids)
    {
        Tensor hidden = ids;
        for (long i = 0; i < ids.shape[1]; i++)
        {
            long held = Math.Min(Length + i, encoder.MaxLength);
            if (held == encoder.MaxLength)
            {
                foreach (BlockMemory memory in _memories)
                    memory.Forget(1);
                held--;
            }

            hidden = encoder.Next(ids.narrow(1, i, 1), _memories, held);
        }

        return hidden;
    }
}
