using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>MLP-Mixer (Tolstikhin et al. 2021): MLPs over tokens and over channels in turn. Its state dict has timm's keys.</summary>
public sealed class MlpMixer : VisionNetwork
{
    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "stem")]
    private readonly PatchEmbedding _stem;

    [ComponentName(Name = "blocks")]
    private readonly ModuleList<MixerBlock> _blocks = [];

    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public MlpMixer(MixerOptions options, int seed = 0) : base(nameof(MlpMixer), options)
    {
        options.Validate();
        Options = options;
        Grid = PatchGrid.Of(Shape[1], Shape[2], options.PatchSize, options.PatchWidth);
        _input = new Standardization(options.InputMean, options.InputStd);
        _stem = new PatchEmbedding((int)Shape[0], options.DModel, options.PatchSize, options.PatchWidth ?? options.PatchSize);
        for (int layer = 0; layer < options.Layers; layer++)
            _blocks.Add(new MixerBlock(options, Grid.Tokens));
        _norm = LayerNorm(options.DModel, options.NormEps);
        _head = Linear(options.DModel, Given.Value(options.Classes, nameof(options.Classes)));
        register_module("input", _input);
        register_module("stem", _stem);
        register_module("blocks", _blocks);
        register_module("norm", _norm);
        register_module("head", _head);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        _stem.Initialize(generator);
        foreach (MixerBlock block in _blocks)
            block.Initialize(generator);
        InitializeHead(generator);
    }

    /// <summary>What the network was made from.</summary>
    public MixerOptions Options { get; }

    /// <summary>The patch grid.</summary>
    public PatchGrid Grid { get; }

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<MixerBlock> Blocks => [.. _blocks];

    /// <inheritdoc/>
    public override int BlockCount => _blocks.Count;

    /// <inheritdoc/>
    public override long MultiplyAdds
    {
        get
        {
            (long n, long d) = (Grid.Tokens, Options.DModel);
            long block = 2 * n * Options.ForTokens * d + 2 * n * d * Options.ForChannels;
            return Shape.Aggregate(1L, (x, y) => x * y) * d + Options.Layers * block + d * Classes;
        }
    }

    internal override Linear Head => _head;

    private protected override Tensor Run(Tensor input, Action<int, Tensor>? seen) => RunBlocks(Blocks, _stem.call(_input.call(input)), seen);

    private protected override Tensor Normalized(Tensor features) => _norm.call(features);

    private protected override Tensor Pool(Tensor features) => features.mean([1]);

    private protected override VisionNetwork Create(int height, int width) =>
        new MlpMixer(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override Tensor Resampled(string name, Tensor value, VisionNetwork target)
    {
        PatchGrid to = ((MlpMixer)target).Grid;
        return name switch
        {
            _ when name.EndsWith("mlp_tokens.fc1.weight", StringComparison.Ordinal) => GridResampling.Inputs(value, Grid, to),
            _ when name.EndsWith("mlp_tokens.fc2.weight", StringComparison.Ordinal) => GridResampling.Outputs(value, Grid, to, 0),
            _ when name.EndsWith("mlp_tokens.fc2.bias", StringComparison.Ordinal) => GridResampling.Outputs(value, Grid, to, 0),
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
