using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Gmlp;

/// <summary>One gMLP block: X + DropPath(s(GELU(N U + b_U)) V + b_V), N = LayerNorm(X) (Liu et al. 2021, section 2).</summary>
public sealed class GmlpBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "mlp_channels")]
    private readonly GatedMlp _mlp;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    [ComponentName(Name = "drop_path")]
    private readonly DropPath _dropPath;

    private readonly TokenShift _shift;

    /// <summary>Creates a block; its weights are drawn by the network it belongs to.</summary>
    /// <param name="options">Widths, gate and epsilons.</param>
    /// <param name="tokens">Number of tokens n.</param>
    /// <param name="dropProbability">Probability that the branch of a sample is dropped in training, in [0, 1).</param>
    /// <param name="dropout">Probability that a value of the branch is zeroed in training, in [0, 1).</param>
    public GmlpBlock(GmlpOptions options, int tokens, double dropProbability = 0, double dropout = 0) : base(nameof(GmlpBlock))
    {
        options.ValidateBlocks();
        Options = options;
        _norm = LayerNorm(options.DModel, options.BlockNormEps);
        _mlp = new GatedMlp(options, tokens);
        _dropout = new SampleDropout(dropout);
        _dropPath = new DropPath(dropProbability);
        _shift = new TokenShift((options as GmlpTextOptions)?.TokenShift ?? 0, options.Causal);
        register_module("norm", _norm);
        register_module("mlp_channels", _mlp);
        register_module("dropout", _dropout);
        register_module("drop_path", _dropPath);
    }

    /// <summary>What the block was made from.</summary>
    public GmlpOptions Options { get; }

    /// <summary>The unit that mixes tokens.</summary>
    public SpatialGatingUnit Gate => _mlp.Gate;

    /// <summary>The residual branch's stochastic depth.</summary>
    public DropPath DropPath => _dropPath;

    /// <summary>The tiny attention that is added to the gate, where the block is aMLP's.</summary>
    public TinyAttention? Attention => _mlp.Attention;

    /// <param name="input">X, [batch, tokens, d].</param>
    /// <returns>[batch, tokens, d].</returns>
    public override Tensor forward(Tensor input) => Masked(input, mask: null);

    /// <summary>The block where some tokens are padding.</summary>
    /// <param name="input">X, [batch, tokens, d].</param>
    /// <param name="mask">[batch, tokens], 1 = real: gate and attention do not look at the others; null is all.</param>
    /// <returns>[batch, tokens, d].</returns>
    public Tensor Masked(Tensor input, Tensor? mask) => Options.GradientCheckpointing && training
        ? Espalier.Training.Loop.GradientCheckpoint.Run(x => Residual(x, mask), input)
        : Residual(input, mask);

    /// <summary>Every block's W as applied, one [n, n] per block and head, without a graph.</summary>
    internal static IReadOnlyList<Tensor> SpatialMatrices(IEnumerable<GmlpBlock> blocks)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var matrices = new List<Tensor>();
        foreach (GmlpBlock block in blocks)
        {
            Tensor matrix = block.Gate.Projection.Matrix();
            matrices.AddRange(matrix.dim() == 2 ? [matrix] : matrix.unbind(0));
        }

        return [.. matrices.Select(m => m.clone().MoveToOuterDisposeScope())];
    }

    internal Tensor Next(Tensor input, GmlpBlockMemory memory)
    {
        Tensor normal = _norm.call(input);
        if (_shift.Reach == 0)
            return input + _mlp.Next(normal, memory);
        Tensor? earlier = memory.TakeEarlier(normal, _shift.Reach);
        return input + _mlp.Next(_shift.ApplyNext(normal, earlier), memory);
    }

    internal void InitializeForImages(torch.Generator generator) => _mlp.InitializeForImages(Options, generator);

    internal void InitializeForText(torch.Generator generator) => _mlp.InitializeForText(Options, generator);

    private Tensor Residual(Tensor input, Tensor? mask) =>
        input + _dropPath.call(_dropout.call(_mlp.Masked(_shift.Apply(_norm.call(input)), mask)));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _norm.Dispose();
            _mlp.Dispose();
            _dropout.Dispose();
            _dropPath.Dispose();
        }

        base.Dispose(disposing);
    }
}
