using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>
/// Gated recurrent units (Cho et al. 2014) over token embeddings: the vector of a token is the last layer's state after it. The
/// embedding of padding is zero and stays so, and the states run on over it: padding before a text changes them, padding after it does not
/// reach the text. A mask is not needed.
/// </summary>
public sealed class GruEncoder : TextEncoder
{
    [ComponentName(Name = "embed")]
    private readonly Embedding _embed;

    [ComponentName(Name = "gru")]
    private readonly GRU _gru;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; vocabulary and length must be given.</param>
    /// <param name="tokens">The tokens it must know; none where null.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public GruEncoder(GruOptions options, TextTokens? tokens = null, int seed = 0)
        : base(nameof(GruEncoder), Given.Value(options.Vocabulary, nameof(options.Vocabulary)), Given.Value(options.MaxLength, nameof(options.MaxLength)), options.HiddenSize, tokens ?? new(), 0)
    {
        options.Validate();
        Options = options;
        _embed = Embedding(Vocabulary, options.EmbeddingSize, padding_idx: PadToken);
        _gru = GRU(options.EmbeddingSize, options.HiddenSize, options.Layers, batchFirst: true);
        register_module("embed", _embed);
        register_module("gru", _gru);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        Initialization.Normal(_embed.weight!, 1, generator);
        if (PadToken is { } pad)
        {
            using var noGradients = torch.no_grad();
            using Tensor row = _embed.weight!.narrow(0, pad, 1);
            row.zero_();
        }

        double bound = 1 / Math.Sqrt(options.HiddenSize);
        foreach ((_, Parameter weight) in _gru.named_parameters())
            Initialization.Uniform(weight, bound, generator);
    }

    /// <summary>What the network was made from.</summary>
    public GruOptions Options { get; }

    /// <inheritdoc/>
    public override bool Causal => true;

    /// <inheritdoc/>
    public override bool CanStream => true;

    /// <inheritdoc/>
    public override Tensor TokenEmbedding => _embed.weight!;

    /// <inheritdoc/>
    public override long MultiplyAdds(long tokens) => tokens * _gru.parameters().Where(p => p.dim() == 2).Sum(p => p.numel());

    private protected override Tensor Run(Tensor ids, Tensor? mask, Tensor? segments) => _gru.call(_embed.call(ids)).Item1;

    internal override Tensor Next(Tensor ids, IReadOnlyList<BlockMemory> memories, long start)
    {
        var memory = (GruMemory)memories[0];
        (Tensor states, Tensor last) = _gru.call(_embed.call(ids), memory.State!);
        memory.Keep(last);
        return states;
    }

    internal override IReadOnlyList<BlockMemory> CreateMemories() => [new GruMemory()];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _embed.Dispose();
            _gru.Dispose();
        }

        base.Dispose(disposing);
    }
}
