using Espalier.Networks.Attention;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>Multi-head attention with a linear layer each for queries, keys and values; Hugging Face's names.</summary>
internal sealed class BertSelfAttention : Module<Tensor, Tensor>
{
    [ComponentName(Name = "query")]
    private readonly Linear? _query;

    [ComponentName(Name = "key")]
    private readonly Linear? _key;

    [ComponentName(Name = "value")]
    private readonly Linear _value;

    [ComponentName(Name = "relative_bias")]
    private readonly RelativePositionBias? _relativeBias;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    public BertSelfAttention(BertOptions options) : base(nameof(BertSelfAttention))
    {
        Heads = options.Heads;
        if (!options.PositionOnly)
        {
            _query = Linear(options.DModel, options.DModel);
            _key = Linear(options.DModel, options.DModel);
            register_module("query", _query);
            register_module("key", _key);
        }

        _value = Linear(options.DModel, options.DModel);
        register_module("value", _value);
        if (options.Positions == PositionKind.RelativeBias)
        {
            _relativeBias = new RelativePositionBias(options.Heads, options.MaxLength!.Value);
            register_module("relative_bias", _relativeBias);
        }

        _dropout = new SampleDropout(options.Dropout);
        register_module("dropout", _dropout);
    }

    public int Heads { get; }

    public Linear? Query => _query;

    public Linear? Key => _key;

    public Linear Value => _value;

    public RelativePositionBias? RelativeBias => _relativeBias;

    public IEnumerable<Linear> Linears => _query is null ? [_value] : [_query, _key!, _value];

    public override Tensor forward(Tensor input) => Masked(input, excluded: null);

    // excluded: [batch, 1, 1, m], added to the scores
    public Tensor Masked(Tensor input, Tensor? excluded)
    {
        long tokens = input.shape[1];
        Tensor? bias = _relativeBias?.Scores(tokens, tokens);
        bias = bias is null ? excluded : excluded is null ? bias : bias + excluded;
        Tensor value = Split(_value.call(input));
        Tensor mixed;
        if (_query is null)
        {
            // The softmax of the bias alone: no score depends on what the tokens hold.
            Tensor scores = bias!.dim() == 3 ? bias.unsqueeze(0) : bias;
            mixed = ScaledDotProduct.Mix(scores, value, null, _dropout);
        }
        else
        {
            mixed = ScaledDotProduct.Attend(Split(_query.call(input)), Split(_key!.call(input)), value, bias, causal: false, _dropout);
        }

        return mixed.transpose(1, 2).flatten(2);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _query?.Dispose();
            _key?.Dispose();
            _value.Dispose();
            _relativeBias?.Dispose();
            _dropout.Dispose();
        }

        base.Dispose(disposing);
    }

    // [batch, tokens, d] to [batch, heads, tokens, d/heads]
    private Tensor Split(Tensor rows) => rows.unflatten(2, [Heads, -1]).transpose(1, 2);
}
