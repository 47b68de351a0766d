using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Networks.Text;

/// <summary>tanh(W h_0 + b) of the first token (Devlin et al. 2019).</summary>
public sealed class TextPooler : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    /// <summary>Creates the layer.</summary>
    /// <param name="width">Channels d.</param>
    public TextPooler(int width) : base(nameof(TextPooler))
    {
        _dense = torch.nn.Linear(width, width);
        register_module("dense", _dense);
    }

    /// <summary>The layer before the tanh.</summary>
    public Linear Dense => _dense;

    /// <param name="input">[batch, tokens, d].</param>
    /// <returns>[batch, d].</returns>
    public override Tensor forward(Tensor input) => _dense.call(input.select(1, 0)).tanh();

    internal void Initialize(torch.Generator generator)
    {
        Initialization.Normal(_dense.weight!, 0.02, generator);
        Initialization.Constant(_dense.bias!, 0);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _dense.Dispose();
        base.Dispose(disposing);
    }
}
