using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>ResMLP (Touvron et al. 2021): affine maps in place of norms, one linear layer over tokens. Its state dict has timm's keys.</summary>
public sealed class ResMlp : VisionNetwork
{
    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "stem")]
    private readonly PatchEmbedding _stem;

    [ComponentName(Name = "blocks")]
    private readonly ModuleList<ResMlpBlock> _blocks = [];

    [ComponentName(Name = "norm")]
    private readonly ChannelAffine _norm;

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public ResMlp(ResMlpOptions options, int seed = 0) : base(nameof(ResMlp), options)
    {
        options.Validate();
        Options = options;
        Grid = PatchGrid.Of(Shape[1], Shape[2], options.PatchSize, options.PatchWidth);
        _input = new Standardization(options.InputMean, options.InputStd);
        _stem = new PatchEmbedding((int)Shape[0], options.DModel, options.PatchSize, options.PatchWidth ?? options.PatchSize);
        for (int layer = 0; layer < options.Layers; layer++)
            _blocks.Add(new ResMlpBlock(options, Grid.Tokens));
        _norm = new ChannelAffine(options.DModel);
        _head = Linear(options.DModel, Given.Value(options.Classes, nameof(options.Classes)));
        register_module("input", _input);
        register_module("stem", _stem);
        register_module("blocks", _blocks);
        register_module("norm", _norm);
        register_module("head", _head);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        _stem.Initialize(generator);
        foreach (ResMlpBlock block in _blocks)
            block.Initialize(generator);
        InitializeHead(generator);
    }

    /// <summary>What the network was made from.</summary>
    public ResMlpOptions Options { get; }

    /// <summary>The patch grid.</summary>
    public PatchGrid Grid { get; }

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<ResMlpBlock> Blocks => [.. _blocks];

    /// <inheritdoc/>
    public override int BlockCount => _blocks.Count;

    /// <inheritdoc/>
    public override long MultiplyAdds
    {
        get
        {
            (long n, long d) = (Grid.Tokens, Options.DModel);
            return Shape.Aggregate(1L, (x, y) => x * y) * d + Options.Layers * (n * n * d + 2 * n * d * Options.ForChannels) + d * Classes;
        }
    }

    internal override Linear Head => _head;

    private protected override Tensor Run(Tensor input, Action<int, Tensor>? seen) => RunBlocks(Blocks, _stem.call(_input.call(input)), seen);

    private protected override Tensor Normalized(Tensor features) => _norm.call(features);

    private protected override Tensor Pool(Tensor features) => features.mean([1]);

    private protected override VisionNetwork Create(int height, int width) =>
        new ResMlp(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override Tensor Resampled(string name, Tensor value, VisionNetwork target)
    {
        PatchGrid to = ((ResMlp)target).Grid;
        return name switch
        {
            _ when name.EndsWith("linear_tokens.weight", StringComparison.Ordinal) => GridResampling.Matrix(value, Grid, to),
            _ when name.EndsWith("linear_tokens.bias", StringComparison.Ordinal) => GridResampling.Outputs(value, Grid, to, 0),
            _ => value,
        };
    }

    private protected override void InitializeHead(torch.Generator generator)
    {
        Initialization.Constant(_head.weight!, 0);
        Initialization.Constant(_head.bias!, 0);
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
}
