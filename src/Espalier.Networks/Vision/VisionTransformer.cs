using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>
/// ViT and DeiT (Dosovitskiy et al. 2021; Touvron et al. 2021): patches with a class token and learned positions, pre-norm
/// Transformer blocks, a final norm. Its state dict has timm's keys.
/// </summary>
public sealed class VisionTransformer : VisionNetwork
{
    [ComponentName(Name = "cls_token")]
    private readonly Parameter? _classToken;

    [ComponentName(Name = "pos_embed")]
    private readonly Parameter _positions;

    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "patch_embed")]
    private readonly PatchEmbedding _patches;

    [ComponentName(Name = "blocks")]
    private readonly ModuleList<TransformerBlock> _blocks = [];

    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public VisionTransformer(VitOptions options, int seed = 0) : base(nameof(VisionTransformer), options)
    {
        options.Validate();
        Options = options;
        Grid = PatchGrid.Of(Shape[1], Shape[2], options.PatchSize, options.PatchWidth);
        int d = options.DModel;
        if (options.Pooling == VitPooling.ClassToken)
        {
            _classToken = new Parameter(torch.zeros(1, 1, d));
            _classToken.DetachFromDisposeScope();
            register_parameter("cls_token", _classToken);
        }

        _positions = new Parameter(torch.zeros(1, Grid.Tokens + ClassTokens, d));
        _positions.DetachFromDisposeScope();
        _input = new Standardization(options.InputMean, options.InputStd);
        _patches = new PatchEmbedding((int)Shape[0], d, options.PatchSize, options.PatchWidth ?? options.PatchSize);
        for (int layer = 0; layer < options.Layers; layer++)
        {
            // This family's probability grows linearly with depth, unlike gMLP's.
            double drop = options.Layers == 1 ? options.DropPath : options.DropPath * layer / (options.Layers - 1);
            _blocks.Add(new TransformerBlock(d, options.Heads, options.Hidden, options.NormEps, drop, options.Dropout));
        }

        _norm = LayerNorm(d, options.NormEps);
        _head = Linear(d, Given.Value(options.Classes, nameof(options.Classes)));
        register_parameter("pos_embed", _positions);
        register_module("input", _input);
        register_module("patch_embed", _patches);
        register_module("blocks", _blocks);
        register_module("norm", _norm);
        register_module("head", _head);
        Initialize(seed);
    }

    /// <summary>What the network was made from.</summary>
    public VitOptions Options { get; }

    /// <summary>The patch grid.</summary>
    public PatchGrid Grid { get; }

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<TransformerBlock> Blocks => [.. _blocks];

    /// <inheritdoc/>
    public override int BlockCount => _blocks.Count;

    /// <inheritdoc/>
    public override long MultiplyAdds => Shape.Aggregate(1L, (x, y) => x * y) * Options.DModel
        + Options.Layers * TransformerBlock.MultiplyAdds(Grid.Tokens + ClassTokens, Options.DModel, Options.Hidden) + (long)Options.DModel * Classes;

    internal override Linear Head => _head;

    /// <summary>Number of tokens before the patches: 1 with a class token.</summary>
    internal int ClassTokens => _classToken is null ? 0 : 1;

    private protected override Tensor Run(Tensor input, Action<int, Tensor>? seen)
    {
        Tensor x = _patches.call(_input.call(input));                                   // [batch, n, d]
        if (_classToken is not null)
            x = torch.cat([_classToken.expand(x.shape[0], 1, x.shape[2]), x], 1);
        return RunBlocks(Blocks, x + _positions, seen);
    }

    private protected override Tensor Normalized(Tensor features) => _norm.call(features);

    private protected override Tensor Pool(Tensor features) => _classToken is null ? features.mean([1]) : features.select(1, 0);

    private protected override VisionNetwork Create(int height, int width) =>
        new VisionTransformer(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override Tensor Resampled(string name, Tensor value, VisionNetwork target)
    {
        if (name != "pos_embed")
            return value;
        Tensor first = value.narrow(1, 0, ClassTokens);
        Tensor grid = value.narrow(1, ClassTokens, Grid.Tokens);
        return torch.cat([first, GridResampling.Outputs(grid, Grid, ((VisionTransformer)target).Grid, 1)], 1);
    }

    private protected override void InitializeHead(torch.Generator generator)
    {
        Initialization.TruncatedNormal(_head.weight!, 0.02, generator);
        Initialization.Constant(_head.bias!, 0);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _classToken?.Dispose();
            _positions.Dispose();
            _input.Dispose();
            _patches.Dispose();
            _blocks.Dispose();
            _norm.Dispose();
            _head.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Initialize(int seed)
    {
        using var generator = new torch.Generator(unchecked((ulong)seed));
        if (_classToken is not null)
            Initialization.Normal(_classToken, 1e-6, generator);
        Initialization.TruncatedNormal(_positions, 0.02, generator);
        _patches.Initialize(generator);
        foreach (TransformerBlock block in _blocks)
            block.Initialize(weight => Initialization.TruncatedNormal(weight, 0.02, generator));
        InitializeHead(generator);
    }
}
