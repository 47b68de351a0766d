using Espalier.Errors;
using Espalier.Networks.Attention;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>
/// BERT (Devlin et al. 2019) with the names of Hugging Face's <c>BertModel</c>: embeddings of words, positions and segments,
/// post-norm blocks. The variants of Liu et al. 2021, Table 3, are options.
/// </summary>
public sealed class BertEncoder : TextEncoder
{
    [ComponentName(Name = "embeddings")]
    private readonly BertEmbeddings _embeddings;

    [ComponentName(Name = "encoder")]
    private readonly BertLayers _layers;

    [ComponentName(Name = "norm")]
    private readonly LayerNorm? _norm;

    [ComponentName(Name = "pooler")]
    private readonly TextPooler? _pooler;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; vocabulary and length must be given.</param>
    /// <param name="tokens">The tokens it must know; none where null.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public BertEncoder(BertOptions options, TextTokens? tokens = null, int seed = 0)
        : base(nameof(BertEncoder), Given.Value(options.Vocabulary, nameof(options.Vocabulary)), Given.Value(options.MaxLength, nameof(options.MaxLength)), options.DModel, tokens ?? new(), options.Segments)
    {
        options.Validate();
        Options = options;
        _embeddings = new BertEmbeddings(options);
        _layers = new BertLayers(options);
        _norm = options.PreNorm ? LayerNorm(Width, options.NormEps) : null;
        _pooler = options.Pooler ? new TextPooler(Width) : null;
        register_module("embeddings", _embeddings);
        register_module("encoder", _layers);
        if (_norm is not null)
            register_module("norm", _norm);
        if (_pooler is not null)
            register_module("pooler", _pooler);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        _embeddings.Initialize(generator);
        _layers.Initialize(generator);
        _pooler?.Initialize(generator);
    }

    /// <summary>What the network was made from.</summary>
    public BertOptions Options { get; }

    /// <inheritdoc/>
    public override bool Causal => false;

    /// <inheritdoc/>
    public override Tensor TokenEmbedding => _embeddings.Words;

    /// <inheritdoc/>
    public override TextPooler? Pooler => _pooler;

    /// <summary>The embeddings.</summary>
    public BertEmbeddings Embeddings => _embeddings;

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<BertBlock> Blocks => _layers.Blocks;

    /// <summary>The norm after the last block of a pre-norm network; null where there is none.</summary>
    public LayerNorm? FinalNorm => _norm;

    internal override string ChildName => "bert";

    /// <inheritdoc/>
    public override long MultiplyAdds(long tokens)
    {
        long queriesAndKeys = Options.PositionOnly ? 2L * tokens * Width * Width + tokens * tokens * Width : 0;
        return Options.Layers * (TransformerBlock.MultiplyAdds(tokens, Width, Options.Hidden) - queriesAndKeys);
    }

    private protected override Tensor Run(Tensor ids, Tensor? mask, Tensor? segments)
    {
        Tensor x = _embeddings.Embed(ids, segments);
        Tensor? excluded = ScaledDotProduct.Excluded(mask)?.unsqueeze(1);               // [batch, 1, 1, m]
        foreach (BertBlock block in Blocks)
        {
            using var scope = torch.NewDisposeScope();
            x = block.Masked(x, excluded).MoveToOuterDisposeScope();
        }

        return _norm is null ? x : _norm.call(x);
    }

    internal override Tensor Next(Tensor ids, IReadOnlyList<BlockMemory> memories, long start) => throw new NotSupportedException("BERT looks both ways");

    internal override IReadOnlyList<BlockMemory> CreateMemories() => throw new NotSupportedException("BERT looks both ways");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _embeddings.Dispose();
            _layers.Dispose();
            _norm?.Dispose();
            _pooler?.Dispose();
        }

        base.Dispose(disposing);
    }
}
