using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Density;

/// <summary>A residual block of a <see cref="PixelCnn"/>: ELU, masked 3x3, ELU, 1x1 to u and v, u·sigmoid(v) added to the input.</summary>
internal sealed class PixelCnnBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "conv")]
    private readonly MaskedConvolution _conv;

    [ComponentName(Name = "gate")]
    private readonly Conv2d _gate;

    public PixelCnnBlock(int channels, torch.Generator generator) : base(nameof(PixelCnnBlock))
    {
        _conv = new MaskedConvolution(channels, channels, 3, seesItself: true, generator);
        _gate = Conv2d(channels, 2 * channels, 1);
        Initialization.KaimingUniform(_gate.weight!, generator);
        Initialization.Uniform(_gate.bias!, 1 / Math.Sqrt(channels), generator);
        register_module("conv", _conv);
        register_module("gate", _gate);
    }

    public override Tensor forward(Tensor input)
    {
        Tensor[] halves = _gate.call(functional.elu(_conv.call(functional.elu(input, 1)), 1)).chunk(2, 1);
        return input + (halves[0] * halves[1].sigmoid());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _conv.Dispose();
            _gate.Dispose();
        }

        base.Dispose(disposing);
    }
}
