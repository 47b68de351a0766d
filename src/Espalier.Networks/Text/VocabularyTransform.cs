using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>LayerNorm(GELU(dense(h))): what BERT puts before its vocabulary (Devlin et al. 2019). Hugging Face's names.</summary>
public sealed class VocabularyTransform : Module<Tensor, Tensor>
{
    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    [ComponentName(Name = "LayerNorm")]
    private readonly LayerNorm _norm;

    /// <summary>Creates the layers.</summary>
    /// <param name="width">Channels d.</param>
    /// <param name="normEps">Epsilon of the LayerNorm.</param>
    public VocabularyTransform(int width, double normEps) : base(nameof(VocabularyTransform))
    {
        _dense = Linear(width, width);
        _norm = LayerNorm(width, normEps);
        register_module("dense", _dense);
        register_module("LayerNorm", _norm);
    }

    /// <param name="input">[..., d].</param>
    /// <returns>[..., d].</returns>
    public override Tensor forward(Tensor input) => _norm.call(functional.gelu(_dense.call(input)));

    internal void Initialize(torch.Generator generator)
    {
        Initialization.Normal(_dense.weight!, 0.02, generator);
        Initialization.Constant(_dense.bias!, 0);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _dense.Dispose();
            _norm.Dispose();
        }

        base.Dispose(disposing);
    }
}
