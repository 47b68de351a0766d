using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Networks.Text;

/// <summary>BERT's attention and the layer after it: <c>self</c> and <c>output</c> in Hugging Face's names.</summary>
internal sealed class BertAttention : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "self")]
    private readonly BertSelfAttention _self;

    [ComponentName(Name = "output")]
    private readonly BertOutput _output;

    private readonly bool _preNorm;

    public BertAttention(BertOptions options) : base(nameof(BertAttention))
    {
        _preNorm = options.PreNorm;
        _self = new BertSelfAttention(options);
        _output = new BertOutput(options.DModel, options);
        register_module("self", _self);
        register_module("output", _output);
    }

    public BertSelfAttention Self => _self;

    public BertOutput Output => _output;

    public IEnumerable<Linear> Linears => [.. _self.Linears, _output.Dense];

    public override Tensor forward(Tensor input) => Masked(input, excluded: null);

    public Tensor Masked(Tensor input, Tensor? excluded) =>
        _output.Residual(_self.Masked(_preNorm ? _output.Norm.call(input) : input, excluded), input);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _self.Dispose();
            _output.Dispose();
        }

        base.Dispose(disposing);
    }
}
