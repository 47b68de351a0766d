using Espalier.Errors;

namespace Espalier.Networks.Text;

/// <summary>
/// A network from token ids to one vector per token: gMLP, BERT or a Transformer of GPT's kind. Heads make of it a language
/// model, a classifier or a reader of questions.
/// </summary>
public abstract class TextEncoder : torch.nn.Module<Tensor, Tensor>
{
    private protected TextEncoder(string name, int vocabulary, int maxLength, int width, TextTokens tokens, int segments)
        : base(name)
    {
        (Vocabulary, MaxLength, Width, Tokens, Segments) = (vocabulary, maxLength, width, tokens, segments);
        OptionsException.Require(tokens.Pad is null || (tokens.Pad >= 0 && tokens.Pad < vocabulary), "pad", tokens.Pad, $"must be one of the {vocabulary} tokens");
    }

    /// <summary>Size V of the vocabulary.</summary>
    public int Vocabulary { get; }

    /// <summary>The longest input n, in tokens.</summary>
    public int MaxLength { get; }

    /// <summary>Channels d of the vector of a token.</summary>
    public int Width { get; }

    /// <summary>The tokens that the network itself must know.</summary>
    public TextTokens Tokens { get; }

    /// <summary>The id of padding: such tokens are masked where no mask is given; null is none.</summary>
    public long? PadToken => Tokens.Pad;

    /// <summary>Kinds of segments that an embedding tells apart; 0 is no such embedding.</summary>
    public int Segments { get; }

    /// <summary>Whether a token sees only itself and those before it.</summary>
    public abstract bool Causal { get; }

    /// <summary>Whether a causal model can go on beyond <see cref="MaxLength"/> without computing anything again.</summary>
    public virtual bool CanStream => false;

    /// <summary>The token embedding, [V, d], which a language model's head is tied to.</summary>
    public abstract Tensor TokenEmbedding { get; }

    /// <summary>tanh(dense(first token)), where the network brings it along as BERT does.</summary>
    public virtual TextPooler? Pooler => null;

    /// <summary>Multiply-adds of the matrix products for one input of so many tokens, without a head.</summary>
    /// <param name="tokens">Number of tokens.</param>
    public abstract long MultiplyAdds(long tokens);

    /// <summary>The name under which a model holds it; checkpoints of the family have it.</summary>
    internal virtual string ChildName => "encoder";

    /// <param name="input">Token ids, [batch, m], int64, m at most <see cref="MaxLength"/>.</param>
    /// <returns>[batch, m, d], after the final norm.</returns>
    /// <exception cref="ShapeException">The input is no batch of token ids, or longer than the network was made for.</exception>
    /// <exception cref="DataException">An id is none of the vocabulary's.</exception>
    public override Tensor forward(Tensor input) => Encode(input);

    /// <summary>One vector per token.</summary>
    /// <param name="ids">Token ids, [batch, m], int64, m at most <see cref="MaxLength"/>.</param>
    /// <param name="mask">[batch, m], 1 = real, 0 = padding; where null, from <see cref="PadToken"/>.</param>
    /// <param name="segments">[batch, m], int64, 0 = first sentence; where null, counted by <see cref="TextTokens.Separator"/>.</param>
    /// <returns>[batch, m, d], after the final norm.</returns>
    /// <exception cref="ShapeException">The ids are no batch of token ids, or longer than the network was made for.</exception>
    /// <exception cref="DataException">An id is none of the vocabulary's.</exception>
    public Tensor Encode(Tensor ids, Tensor? mask = null, Tensor? segments = null)
    {
        if (ids.dim() != 2 || ids.dtype != torch.int64 || ids.shape[1] < 1)
            throw new ShapeException($"token ids of type {ids.dtype}", ids.shape, "[batch, tokens], int64");
        if (ids.shape[1] > MaxLength)
            throw new ShapeException("token ids", ids.shape, $"at most {MaxLength} tokens, not {ids.shape[1]}: the network was made for so many; cut the text");
        RequireKnown(ids);
        mask ??= PadToken is { } pad ? ids.ne(pad).to(TokenEmbedding.dtype) : null;
        if (segments is null && Segments > 0)
            segments = Tokens.Separator is { } separator ? SegmentsOf(ids, separator) : torch.zeros_like(ids);
        return Run(ids, mask, Segments > 0 ? segments : null);
    }

    /// <summary>The vectors of the next tokens of a causal model.</summary>
    /// <param name="ids">[batch, r].</param>
    /// <param name="memories">One per block; take the next tokens.</param>
    /// <param name="start">Position of the first of them.</param>
    /// <returns>[batch, r, d].</returns>
    internal abstract Tensor Next(Tensor ids, IReadOnlyList<BlockMemory> memories, long start);

    /// <summary>Empty memories, one per block.</summary>
    internal abstract IReadOnlyList<BlockMemory> CreateMemories();

    /// <summary>Refuses ids that are none of the vocabulary's.</summary>
    internal void RequireKnown(Tensor ids)
    {
        using var scope = torch.NewDisposeScope();
        Tensor wrong = ids.lt(0).logical_or(ids.ge(Vocabulary));
        if (!wrong.any().item<bool>())
            return;
        long at = wrong.flatten().to(torch.int64).argmax().item<long>();
        long id = ids.flatten()[at].item<long>();
        throw new DataException($"text {at / ids.shape[1]}", $"token {at % ids.shape[1]} has id {id}, which is none of the {Vocabulary} of the vocabulary", "use the tokenizer that the model was trained with");
    }

    private protected abstract Tensor Run(Tensor ids, Tensor? mask, Tensor? segments);

    private Tensor SegmentsOf(Tensor ids, long separator)
    {
        Tensor separators = ids.eq(separator).to(torch.int64);
        return (separators.cumsum(1) - separators).clamp(0, Segments - 1);
    }
}
