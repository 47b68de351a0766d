using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Networks.Text;

/// <summary>A linear layer under the name <c>dense</c>.</summary>
internal sealed class BertDense : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "dense")]
    private readonly Linear _dense;

    public BertDense(int width, int outputs) : base(nameof(BertDense))
    {
        _dense = torch.nn.Linear(width, outputs);
        register_module("dense", _dense);
    }

    public Linear Dense => _dense;

    public override Tensor forward(Tensor input) => _dense.call(input);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _dense.Dispose();
        base.Dispose(disposing);
    }
}
