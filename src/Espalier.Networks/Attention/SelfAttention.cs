using Espalier.Errors;
using Espalier.Networks.Layers;
using Espalier.Networks.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Attention;

/// <summary>
/// Multi-head self-attention (Vaswani et al. 2017) with one linear layer for queries, keys and values, in timm's layout:
/// rows of <c>qkv</c> are q, then k, then v, each head by head.
/// </summary>
public sealed class SelfAttention : Module<Tensor, Tensor>
{
    [ComponentName(Name = "qkv")]
    private readonly Linear _qkv;

    [ComponentName(Name = "proj")]
    private readonly Linear _proj;

    [ComponentName(Name = "relative_bias")]
    private readonly RelativePositionBias? _relativeBias;

    [ComponentName(Name = "attn_drop")]
    private readonly SampleDropout _dropout;

    /// <summary>Creates the layer.</summary>
    /// <param name="width">Channels d.</param>
    /// <param name="heads">Number of heads; divides d.</param>
    /// <param name="causal">Whether a token sees only itself and those before it.</param>
    /// <param name="relativeLength">Longest input for which a bias per relative position is learned; null is no such bias.</param>
    /// <param name="dropout">Probability that an attention weight is zeroed in training, in [0, 1).</param>
    /// <exception cref="OptionsException">The heads do not divide the channels.</exception>
    public SelfAttention(int width, int heads, bool causal = false, int? relativeLength = null, double dropout = 0) : base(nameof(SelfAttention))
    {
        OptionsException.Require(heads >= 1 && width % heads == 0, nameof(heads), heads, $"must divide the {width} channels");
        (Heads, Causal) = (heads, causal);
        _qkv = Linear(width, 3 * width);
        _proj = Linear(width, width);
        _relativeBias = relativeLength is int length ? new RelativePositionBias(heads, length) : null;
        _dropout = new SampleDropout(dropout);
        register_module("qkv", _qkv);
        register_module("proj", _proj);
        if (_relativeBias is not null)
            register_module("relative_bias", _relativeBias);
        register_module("attn_drop", _dropout);
    }

    /// <summary>Number of heads.</summary>
    public int Heads { get; }

    /// <summary>Whether a token sees only itself and those before it.</summary>
    public bool Causal { get; }

    /// <summary>The learned bias per relative position; null is none.</summary>
    public RelativePositionBias? RelativeBias => _relativeBias;

    /// <param name="input">[batch, tokens, d].</param>
    /// <returns>[batch, tokens, d].</returns>
    public override Tensor forward(Tensor input) => Attend(input, mask: null);

    /// <summary>The layer's result, where some tokens are not looked at.</summary>
    /// <param name="input">[batch, tokens, d].</param>
    /// <param name="mask">[batch, tokens], 1 = real; null is all.</param>
    /// <returns>[batch, tokens, d].</returns>
    public Tensor Attend(Tensor input, Tensor? mask)
    {
        // [3, batch, heads, tokens, d/heads]
        Tensor qkv = _qkv.call(input).unflatten(2, [3, Heads, -1]).permute(2, 0, 3, 1, 4);
        return Merged(qkv[0], qkv[1], qkv[2], Bias(mask, input.shape[1], input.shape[1]));
    }

    internal Tensor AttendNext(Tensor input, TokenMemory keys, TokenMemory values)
    {
        Tensor[] qkv = _qkv.call(input).chunk(3, -1);
        Tensor key = Split(keys.Append(qkv[1])), value = Split(values.Append(qkv[2]));
        return Merged(Split(qkv[0]), key, value, Bias(null, input.shape[1], keys.Length));
    }

    internal IEnumerable<Linear> Linears => [_qkv, _proj];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _qkv.Dispose();
            _proj.Dispose();
            _relativeBias?.Dispose();
            _dropout.Dispose();
        }

        base.Dispose(disposing);
    }

    private Tensor Merged(Tensor query, Tensor key, Tensor value, Tensor? bias) =>
        _proj.call(ScaledDotProduct.Attend(query, key, value, bias, Causal, _dropout).transpose(1, 2).flatten(2));

    private Tensor Split(Tensor rows) => rows.unflatten(2, [Heads, -1]).transpose(1, 2);

    // Added to the scores, broadcast to [batch, heads, r, c].
    private Tensor? Bias(Tensor? mask, long rows, long columns)
    {
        Tensor? bias = _relativeBias?.Scores(rows, columns);
        Tensor? excluded = ScaledDotProduct.Excluded(mask)?.unsqueeze(1);
        return bias is null ? excluded : excluded is null ? bias : bias + excluded;
    }
}
