using Espalier.Errors;
using Espalier.Networks.Attention;
using Espalier.Networks.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Gmlp;

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
    public override Tensor forward(Tensor input) => Attend(input, mask: null);

    /// <summary>The head's result, where some tokens are not looked at.</summary>
    /// <param name="input">N, [batch, tokens, d].</param>
    /// <param name="mask">[batch, tokens], 1 = real; null is all.</param>
    /// <returns>[batch, tokens, channels of the gate].</returns>
    public Tensor Attend(Tensor input, Tensor? mask)
    {
        Tensor[] qkv = _qkv.call(input).chunk(3, -1);                                   // [batch, tokens, a] each
        return _proj.call(ScaledDotProduct.Attend(qkv[0], qkv[1], qkv[2], ScaledDotProduct.Excluded(mask), _causal));
    }

    /// <summary>The head's result for the next tokens of a causal model.</summary>
    /// <param name="input">N of the next tokens, [batch, r, d].</param>
    /// <param name="keys">The keys of all tokens so far; takes the next ones.</param>
    /// <param name="values">Their values.</param>
    internal Tensor AttendNext(Tensor input, TokenMemory keys, TokenMemory values)
    {
        Tensor[] qkv = _qkv.call(input).chunk(3, -1);
        return _proj.call(ScaledDotProduct.Attend(qkv[0], keys.Append(qkv[1]), values.Append(qkv[2]), causal: true));
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

    internal IEnumerable<Linear> Linears => [_qkv, _proj];
}
