using Espalier.Errors;
using Espalier.Networks.Attention;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>
/// A Transformer of GPT's kind: learned positions or relative biases, pre-norm blocks, a final norm; causal for text
/// generation, or not for a masked language model.
/// </summary>
public sealed class GptEncoder : TextEncoder
{
    [ComponentName(Name = "embed")]
    private readonly Embedding _embed;

    [ComponentName(Name = "pos_embed")]
    private readonly Embedding? _positions;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    [ComponentName(Name = "blocks")]
    private readonly ModuleList<TransformerBlock> _blocks = [];

    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; vocabulary and length must be given.</param>
    /// <param name="tokens">The tokens it must know; none where null.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public GptEncoder(GptOptions options, TextTokens? tokens = null, int seed = 0)
        : base(nameof(GptEncoder), Given.Value(options.Vocabulary, nameof(options.Vocabulary)), Given.Value(options.MaxLength, nameof(options.MaxLength)), options.DModel, tokens ?? new(), 0)
    {
        options.Validate();
        Options = options;
        _embed = Embedding(Vocabulary, Width);
        _positions = options.Positions == PositionKind.Learned ? Embedding(MaxLength, Width) : null;
        int? relativeLength = options.Positions == PositionKind.RelativeBias ? MaxLength : null;
        _dropout = new SampleDropout(options.Dropout);
        for (int layer = 0; layer < options.Layers; layer++)
            _blocks.Add(new TransformerBlock(Width, options.Heads, options.Hidden, options.NormEps, 0, options.Dropout, options.Causal, relativeLength));
        _norm = LayerNorm(Width, options.NormEps);
        register_module("embed", _embed);
        if (_positions is not null)
            register_module("pos_embed", _positions);
        register_module("dropout", _dropout);
        register_module("blocks", _blocks);
        register_module("norm", _norm);
        Initialize(seed);
    }

    /// <summary>What the network was made from.</summary>
    public GptOptions Options { get; }

    /// <inheritdoc/>
    public override bool Causal => Options.Causal;

    /// <inheritdoc/>
    public override Tensor TokenEmbedding => _embed.weight!;

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<TransformerBlock> Blocks => [.. _blocks];

    /// <inheritdoc/>
    public override long MultiplyAdds(long tokens) => Options.Layers * TransformerBlock.MultiplyAdds(tokens, Width, Options.Hidden);

    private protected override Tensor Run(Tensor ids, Tensor? mask, Tensor? segments)
    {
        Tensor x = Embedded(ids, 0);
        foreach (TransformerBlock block in _blocks)
        {
            using var scope = torch.NewDisposeScope();
            x = block.Masked(x, Causal ? null : mask).MoveToOuterDisposeScope();
        }

        return _norm.call(x);
    }

    internal override Tensor Next(Tensor ids, IReadOnlyList<BlockMemory> memories, long start)
    {
        Tensor x = Embedded(ids, start);
        for (int layer = 0; layer < _blocks.Count; layer++)
            x = _blocks[layer].Next(x, (TransformerBlockMemory)memories[layer]);
        return _norm.call(x);
    }

    internal override IReadOnlyList<BlockMemory> CreateMemories() => [.. _blocks.Select(_ => new TransformerBlockMemory(MaxLength))];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _embed.Dispose();
            _positions?.Dispose();
            _dropout.Dispose();
            _blocks.Dispose();
            _norm.Dispose();
        }

        base.Dispose(disposing);
    }

    private Tensor Embedded(Tensor ids, long start)
    {
        Tensor x = _embed.call(ids);                                                    // [batch, m, d]
        return _dropout.call(_positions is null ? x : x + _positions.weight!.narrow(0, start, ids.shape[1]));
    }

    private void Initialize(int seed)
    {
        using var generator = new torch.Generator(unchecked((ulong)seed));
        Initialization.Normal(_embed.weight!, 0.02, generator);
        if (_positions is not null)
            Initialization.Normal(_positions.weight!, 0.02, generator);
        foreach (TransformerBlock block in _blocks)
            block.Initialize(weight => Initialization.Normal(weight, 0.02, generator));
    }
}
