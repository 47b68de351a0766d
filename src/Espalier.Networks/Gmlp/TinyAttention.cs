using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>
/// One small attention head whose result is added to the gate: gMLP becomes aMLP (Liu et al. 2021, Fig. 6).
/// A = softmax(q k^T / sqrt(a)) v Wo + bo with (q, k, v) = split(N Wqkv + bqkv), N the normalised input of the block.
/// </summary>
public sealed class TinyAttention : Module<Tensor, Tensor>
{
    [ComponentName(Name = "qkv")]
    private readonly Linear _qkv;

    [ComponentName(Name = "proj")]
    private readonly Linear _proj;

    private readonly bool _causal;

    /// <summary>Creates the head.</summary>
    /// <param name="inputChannels">Channels d of N.</param>
    /// <param name="outputChannels">Channels of the gate.</param>
    /// <param name="width">Width a of the head; 64 or 128 in the paper.</param>
    /// <param name="causal">Whether token i sees only tokens up to i.</param>
    public TinyAttention(int inputChannels, int outputChannels, int width = 64, bool causal = false) : base(nameof(TinyAttention))
    {
        OptionsException.Require(width >= 1, nameof(width), width, "must be at least 1");
        (Width, _causal) = (width, causal);
        _qkv = Linear(inputChannels, 3 * width);
        _proj = Linear(width, outputChannels);
        register_module("qkv", _qkv);
        register_module("proj", _proj);
    }

    /// <summary>Width a of the head.</summary>
    public int Width { get; }

    /// <param name="input">N, [batch, tokens, d].</param>
    /// <returns>[batch, tokens, channels of the gate].</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor[] qkv = _qkv.call(input).chunk(3, -1);                                   // [batch, tokens, a] each
        Tensor scores = qkv[0].matmul(qkv[1].transpose(1, 2)) * (1 / Math.Sqrt(Width)); // [batch, query, key]
        if (_causal)
        {
            long tokens = input.shape[1];
            Tensor future = torch.ones([tokens, tokens], dtype: torch.@bool, device: input.device).triu(1);
            scores = scores.masked_fill(future, double.NegativeInfinity);
        }

        return _proj.call(scores.softmax(-1).matmul(qkv[2]));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _qkv.Dispose();
            _proj.Dispose();
        }

        base.Dispose(disposing);
    }

    internal void Initialize(torch.Generator generator)
    {
        foreach (Linear linear in (Linear[])[_qkv, _proj])
        {
            Initialization.XavierUniform(linear.weight!, generator);
            Initialization.Constant(linear.bias!, 0);
        }
    }
}
