using Espalier.Errors;
using Espalier.Networks.Layers;
using Espalier.Networks.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// gMLP for text (Liu et al., "Pay Attention to MLPs", NeurIPS 2021, section 4): token embedding without positions, L gated
/// blocks, LayerNorm. Position lives in the spatial matrices alone.
/// </summary>
public sealed class GmlpTextEncoder : TextEncoder
{
    [ComponentName(Name = "embed")]
    private readonly Embedding _embed;

    [ComponentName(Name = "segment_embed")]
    private readonly Embedding? _segmentEmbed;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    [ComponentName(Name = "blocks")]
    private readonly ModuleList<GmlpBlock> _blocks = [];

    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; vocabulary and length must be given.</param>
    /// <param name="tokens">The tokens it must know; none where null.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public GmlpTextEncoder(GmlpTextOptions options, TextTokens? tokens = null, int seed = 0)
        : base(nameof(GmlpTextEncoder), Given.Value(options.Vocabulary, nameof(options.Vocabulary)), Given.Value(options.MaxLength, nameof(options.MaxLength)), options.DModel, tokens ?? new(), options.Segments)
    {
        options.Validate();
        Options = options;
        _embed = Embedding(Vocabulary, Width);
        _segmentEmbed = options.Segments > 0 ? Embedding(options.Segments, Width) : null;
        _dropout = new SampleDropout(options.Dropout);
        for (int layer = 0; layer < options.Layers; layer++)
            _blocks.Add(new GmlpBlock(options, MaxLength, options.DropProbability(layer), options.Dropout));
        _norm = LayerNorm(Width, options.BlockNormEps);
        register_module("embed", _embed);
        if (_segmentEmbed is not null)
            register_module("segment_embed", _segmentEmbed);
        register_module("dropout", _dropout);
        register_module("blocks", _blocks);
        register_module("norm", _norm);
        Initialize(seed);
    }

    /// <summary>What the network was made from.</summary>
    public GmlpTextOptions Options { get; }

    /// <inheritdoc/>
    public override bool Causal => Options.Causal;

    /// <inheritdoc/>
    public override bool CanStream => Options is { Causal: true, SpatialForm: SpatialForm.Toeplitz, SharedBias: true };

    /// <inheritdoc/>
    public override Tensor TokenEmbedding => _embed.weight!;

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<GmlpBlock> Blocks => [.. _blocks];

    /// <inheritdoc/>
    public override long MultiplyAdds(long tokens) => Options.Layers * Options.BlockMultiplyAdds(tokens);

    /// <summary>Every block's W as applied, for pictures of the filters it learned.</summary>
    /// <returns>One [n, n] per block and head, row = output position, without a graph; the caller's.</returns>
    public IReadOnlyList<Tensor> SpatialMatrices() => GmlpBlock.SpatialMatrices(_blocks);

    /// <summary>The same network with Toeplitz matrices, each diagonal the mean of the dense one's: fewer weights, and a start for tuning.</summary>
    /// <returns>A new network, in training mode, on the CPU; the caller's.</returns>
    /// <exception cref="OptionsException">The matrices are Toeplitz already.</exception>
    public GmlpTextEncoder ToToeplitz()
    {
        OptionsException.Require(Options.SpatialForm == SpatialForm.Dense, nameof(Options.SpatialForm), Options.SpatialForm, "must be dense to be converted");
        var converted = new GmlpTextEncoder(Options with { SpatialForm = SpatialForm.Toeplitz }, Tokens);
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Dictionary<string, Tensor> target = converted.state_dict();
        foreach ((string name, Tensor value) in state_dict())
        {
            target[name].copy_(!name.EndsWith("gate.proj.weight", StringComparison.Ordinal) ? value
                : value.dim() == 2 ? Toeplitz.DiagonalMeans(value)
                : torch.stack(value.unbind(0).Select(Toeplitz.DiagonalMeans)));
        }

        return converted;
    }

    private protected override Tensor Run(Tensor ids, Tensor? mask, Tensor? segments)
    {
        Tensor x = _embed.call(ids);                                                    // [batch, m, d]
        if (_segmentEmbed is not null && segments is not null)
            x = x + _segmentEmbed.call(segments);
        x = _dropout.call(x);
        Tensor? real = Options.Padding == PadHandling.ZeroGateInput ? mask : null;
        foreach (GmlpBlock block in _blocks)
        {
            using var scope = torch.NewDisposeScope();
            x = block.Masked(x, real).MoveToOuterDisposeScope();
        }

        return _norm.call(x);
    }

    internal override Tensor Next(Tensor ids, IReadOnlyList<BlockMemory> memories, long start)
    {
        Tensor x = _embed.call(ids);
        for (int layer = 0; layer < _blocks.Count; layer++)
            x = _blocks[layer].Next(x, (GmlpBlockMemory)memories[layer]);
        return _norm.call(x);
    }

    internal override IReadOnlyList<BlockMemory> CreateMemories() => [.. _blocks.Select(_ => new GmlpBlockMemory(MaxLength))];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _embed.Dispose();
            _segmentEmbed?.Dispose();
            _dropout.Dispose();
            _blocks.Dispose();
            _norm.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Initialize(int seed)
    {
        using var generator = new torch.Generator(unchecked((ulong)seed));
        Initialization.Normal(_embed.weight!, 0.02, generator);
        if (_segmentEmbed is not null)
            Initialization.Normal(_segmentEmbed.weight!, 0.02, generator);
        foreach (GmlpBlock block in _blocks)
            block.InitializeForText(generator);
    }
}
