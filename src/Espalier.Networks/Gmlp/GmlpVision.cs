using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>
/// gMLP for images (Liu et al., "Pay Attention to MLPs", NeurIPS 2021): patches, L gated blocks, LayerNorm, mean over
/// tokens, linear head. Without self-attention, position embedding and class token. Its state dict has timm's keys.
/// </summary>
public sealed class GmlpVision : VisionNetwork
{
    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "stem")]
    private readonly PatchEmbedding _stem;

    [ComponentName(Name = "blocks")]
    private readonly ModuleList<GmlpBlock> _blocks = [];

    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public GmlpVision(GmlpVisionOptions options, int seed = 0) : base(nameof(GmlpVision), options)
    {
        options.Validate();
        Options = options;
        Grid = PatchGrid.Of(Shape[1], Shape[2], options.PatchSize, options.PatchWidth);
        _input = new Standardization(options.InputMean, options.InputStd);
        _stem = new PatchEmbedding((int)Shape[0], options.DModel, options.PatchSize, options.PatchWidth ?? options.PatchSize);
        for (int layer = 0; layer < options.Layers; layer++)
            _blocks.Add(new GmlpBlock(options, Grid.Tokens, options.DropProbability(layer)));
        _norm = LayerNorm(options.DModel, options.BlockNormEps);
        _head = Linear(options.DModel, Given.Value(options.Classes, nameof(options.Classes)));

        register_module("input", _input);
        register_module("stem", _stem);
        register_module("blocks", _blocks);
        register_module("norm", _norm);
        register_module("head", _head);
        Initialize(seed);
    }

    /// <summary>What the network was made from.</summary>
    public GmlpVisionOptions Options { get; }

    /// <summary>The patch grid.</summary>
    public PatchGrid Grid { get; }

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<GmlpBlock> Blocks => [.. _blocks];

    /// <inheritdoc/>
    public override int BlockCount => _blocks.Count;

    /// <inheritdoc/>
    public override long MultiplyAdds => Shape.Aggregate(1L, (x, y) => x * y) * Options.DModel
        + Options.Layers * Options.BlockMultiplyAdds(Grid.Tokens) + (long)Options.DModel * Classes;

    internal override Linear Head => _head;

    /// <summary>Every block's W as applied, for pictures of the filters it learned.</summary>
    /// <returns>One [n, n] per block and head, row = output position, without a graph; the caller's.</returns>
    public IReadOnlyList<Tensor> SpatialMatrices() => GmlpBlock.SpatialMatrices(_blocks);

    private protected override Tensor Run(Tensor input, Action<int, Tensor>? seen) => RunBlocks(Blocks, _stem.call(_input.call(input)), seen);

    private protected override Tensor Normalized(Tensor features) => _norm.call(features);

    private protected override Tensor Pool(Tensor features) => features.mean([1]);

    private protected override VisionNetwork Create(int height, int width) =>
        new GmlpVision(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override Tensor Resampled(string name, Tensor value, VisionNetwork target)
    {
        PatchGrid to = ((GmlpVision)target).Grid;
        OptionsException.Require(Options.SpatialForm == SpatialForm.Dense, "spatialForm", Options.SpatialForm, "must be dense: a Toeplitz matrix runs along one line of tokens, so another grid gives it another meaning");
        return name switch
        {
            _ when name.EndsWith("gate.proj.weight", StringComparison.Ordinal) => GridResampling.Matrix(value, Grid, to),
            _ when name.EndsWith("gate.proj.bias", StringComparison.Ordinal) && !Options.SharedBias => GridResampling.Outputs(value, Grid, to, -1),
            _ => value,
        };
    }

    private protected override void InitializeHead(torch.Generator generator)
    {
        Initialization.Constant(_head.weight!, 0);
        Initialization.Constant(_head.bias!, Options.NegativeLogHeadBias ? -Math.Log(Classes) : 0);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _stem.Dispose();
            _blocks.Dispose();
            _norm.Dispose();
            _head.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Initialize(int seed)
    {
        using var generator = new torch.Generator(unchecked((ulong)seed));
        _stem.Initialize(generator);
        foreach (GmlpBlock block in _blocks)
            block.InitializeForImages(generator);
        InitializeHead(generator);
    }
}
