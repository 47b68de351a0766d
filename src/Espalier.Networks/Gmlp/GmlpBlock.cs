using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>One gMLP block: X + DropPath(s(GELU(N U + b_U)) V + b_V), N = LayerNorm(X) (Liu et al. 2021, section 2).</summary>
public sealed class GmlpBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "mlp_channels")]
    private readonly GatedMlp _mlp;

    [ComponentName(Name = "drop_path")]
    private readonly DropPath _dropPath;

    /// <summary>Creates a block; its weights are drawn by <see cref="Initialize"/>.</summary>
    /// <param name="options">Widths, gate and epsilons.</param>
    /// <param name="tokens">Number of tokens n.</param>
    /// <param name="dropProbability">Probability that the branch of a sample is dropped in training, in [0, 1).</param>
    public GmlpBlock(GmlpVisionOptions options, int tokens, double dropProbability = 0) : base(nameof(GmlpBlock))
    {
        options.Validate();
        Options = options;
        _norm = LayerNorm(options.DModel, options.BlockNormEps);
        _mlp = new GatedMlp(options, tokens);
        _dropPath = new DropPath(dropProbability);
        register_module("norm", _norm);
        register_module("mlp_channels", _mlp);
        register_module("drop_path", _dropPath);
    }

    /// <summary>What the block was made from.</summary>
    public GmlpVisionOptions Options { get; }

    /// <summary>The unit that mixes tokens.</summary>
    public SpatialGatingUnit Gate => _mlp.Gate;

    /// <summary>The residual branch's stochastic depth.</summary>
    public DropPath DropPath => _dropPath;

    /// <param name="input">X, [batch, tokens, d].</param>
    /// <returns>[batch, tokens, d].</returns>
    public override Tensor forward(Tensor input) => input + _dropPath.call(_mlp.call(_norm.call(input)));

    /// <summary>
    /// Draws the weights as timm does: linear layers Xavier-uniform with biases N(0, 1e-6²), W near zero, beta = 1.
    /// </summary>
    /// <param name="generator">Where the draws come from.</param>
    public void Initialize(torch.Generator generator) => _mlp.Initialize(Options, generator);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _norm.Dispose();
            _mlp.Dispose();
            _dropPath.Dispose();
        }

        base.Dispose(disposing);
    }
}
