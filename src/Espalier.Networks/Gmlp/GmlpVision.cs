using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>
/// gMLP for images (Liu et al., "Pay Attention to MLPs", NeurIPS 2021): patches, L gated blocks, LayerNorm, mean over
/// tokens, linear head. Without self-attention, position embedding and class token. Its state dict has timm's keys.
/// </summary>
public sealed class GmlpVision : Module<Tensor, Tensor>
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

    private readonly long[] _inputShape;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public GmlpVision(GmlpVisionOptions options, int seed = 0) : base(nameof(GmlpVision))
    {
        options.Validate();
        Options = options;
        int channels = Given(options.Channels, nameof(options.Channels));
        int height = Given(options.ImageHeight, nameof(options.ImageHeight));
        int width = Given(options.ImageWidth, nameof(options.ImageWidth));
        int classes = Given(options.Classes, nameof(options.Classes));
        int patchWidth = options.PatchWidth ?? options.PatchSize;
        _inputShape = [channels, height, width];
        GridHeight = height / options.PatchSize;
        GridWidth = width / patchWidth;

        _input = new Standardization(options.InputMean, options.InputStd);
        _stem = new PatchEmbedding(channels, options.DModel, options.PatchSize, patchWidth);
        for (int layer = 0; layer < options.Layers; layer++)
            _blocks.Add(new GmlpBlock(options, Tokens, DropProbability(options, layer)));
        _norm = LayerNorm(options.DModel, options.BlockNormEps);
        _head = Linear(options.DModel, classes);

        register_module("input", _input);
        register_module("stem", _stem);
        register_module("blocks", _blocks);
        register_module("norm", _norm);
        register_module("head", _head);
        Initialize(seed);
    }

    /// <summary>What the network was made from.</summary>
    public GmlpVisionOptions Options { get; }

    /// <summary>Rows of the patch grid.</summary>
    public int GridHeight { get; }

    /// <summary>Columns of the patch grid.</summary>
    public int GridWidth { get; }

    /// <summary>Number of tokens n.</summary>
    public int Tokens => GridHeight * GridWidth;

    /// <summary>Multiply-adds of the matrix products for one image; papers count twice as many "FLOPs".</summary>
    public long MultiplyAdds
    {
        get
        {
            (long n, long d, long e, long h) = (Tokens, Options.DModel, Options.DFfn, _blocks[0].Gate.OutputChannels);
            long a = Options.DAttention ?? 0;
            long block = n * d * e + n * n * h + n * h * d + n * d * 3 * a + 2 * n * n * a + n * a * h;
            long patches = _inputShape.Aggregate(1L, (x, y) => x * y) * d;
            return patches + Options.Layers * block + d * Options.Classes!.Value;
        }
    }

    /// <summary>The head's parameters.</summary>
    internal IEnumerable<Parameter> Head => _head.parameters();

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<GmlpBlock> Blocks => [.. _blocks];

    /// <param name="input">[batch, channels, height, width], in the unit that <see cref="GmlpVisionOptions.InputMean"/> speaks of.</param>
    /// <returns>Logits, [batch, classes].</returns>
    /// <exception cref="ShapeException">The input has another shape than the network was made for.</exception>
    public override Tensor forward(Tensor input) => _head.call(ForwardFeatures(input).mean([1]));

    /// <summary>The tokens after the last block and the final norm; their mean is what the head reads.</summary>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, tokens, d].</returns>
    /// <exception cref="ShapeException">The input has another shape than the network was made for.</exception>
    public Tensor ForwardFeatures(Tensor input)
    {
        if (input.dim() != 4 || !input.shape.AsSpan(1).SequenceEqual(_inputShape))
            throw new ShapeException("images", input.shape, $"[batch, {string.Join(", ", _inputShape)}]");
        Tensor x = _stem.call(_input.call(input));
        foreach (GmlpBlock block in _blocks)
        {
            // Without a graph only one block's intermediates are alive at a time.
            using var scope = torch.NewDisposeScope();
            x = block.call(x).MoveToOuterDisposeScope();
        }

        return _norm.call(x);
    }

    /// <summary>Every block's W as applied, for pictures of the filters it learned.</summary>
    /// <returns>One [n, n] per block, row = output position, without a graph; the caller's.</returns>
    public IReadOnlyList<Tensor> SpatialMatrices()
    {
        using var _ = torch.no_grad();
        return [.. _blocks.Select(block => block.Gate.Projection.Matrix().detach().clone())];
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

    private static int Given(int? value, string option) =>
        value ?? throw new OptionsException(char.ToLowerInvariant(option[0]) + option[1..], null, "must be given, by the data or the options");

    private static double DropProbability(GmlpVisionOptions options, int layer)
    {
        double drop = 1 - options.SurvivalProbability;
        return options.DropPathMode == DropPathMode.Constant || options.Layers == 1 ? drop : drop * layer / (options.Layers - 1);
    }

    private void Initialize(int seed)
    {
        using var generator = new torch.Generator(unchecked((ulong)seed));
        _stem.Initialize(generator);
        foreach (GmlpBlock block in _blocks)
            block.Initialize(generator);
        Initialization.Constant(_head.weight!, 0);
        Initialization.Constant(_head.bias!, Options.NegativeLogHeadBias ? -Math.Log(Options.Classes!.Value) : 0);
    }
}
