using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>The end of a branch: a linear layer, dropout, the sum with the residual and its norm.</summary>
internal sealed class BertOutput : Module<Tensor, Tensor>
{
    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    [ComponentName(Name = "LayerNorm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    private readonly bool _preNorm;

    public BertOutput(int inputs, BertOptions options) : base(nameof(BertOutput))
    {
        _preNorm = options.PreNorm;
        _dense = Linear(inputs, options.DModel);
        _norm = LayerNorm(options.DModel, options.NormEps);
        _dropout = new SampleDropout(options.Dropout);
        register_module("dense", _dense);
        register_module("LayerNorm", _norm);
        register_module("dropout", _dropout);
    }

    public Linear Dense => _dense;

    /// <summary>The norm: of the sum, or of the branch's input in a pre-norm network.</summary>
    public LayerNorm Norm => _norm;

    public override Tensor forward(Tensor input) => _dense.call(input);

    // hidden: [batch, tokens, inputs]; residual: [batch, tokens, d]
    public Tensor Residual(Tensor hidden, Tensor residual)
    {
        Tensor sum = residual + _dropout.call(_dense.call(hidden));
        return _preNorm ? sum : _norm.call(sum);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _dense.Dispose();
            _norm.Dispose();
            _dropout.Dispose();
        }

        base.Dispose(disposing);
    }
}
