using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>
/// A block of a <see cref="WideResNet"/>: norm and ReLU before each of two 3x3 convolutions, dropout between them. Where the channels change, the
/// shortcut is a 1x1 convolution of the input after its norm and ReLU. The names are those of the published code.
/// </summary>
public sealed class WideResNetBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "bn1")]
    private readonly BatchNorm2d _bn1;

    [ComponentName(Name = "conv1")]
    private readonly Conv2d _conv1;

    [ComponentName(Name = "bn2")]
    private readonly BatchNorm2d _bn2;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    [ComponentName(Name = "conv2")]
    private readonly Conv2d _conv2;

    [ComponentName(Name = "convShortcut")]
    private readonly Conv2d? _shortcut;

    internal WideResNetBlock(long inputs, long outputs, int stride, double dropout) : base(nameof(WideResNetBlock))
    {
        _bn1 = BatchNorm2d(inputs);
        _conv1 = Conv2d(inputs, outputs, 3, stride: stride, padding: 1, bias: false);
        _bn2 = BatchNorm2d(outputs);
        _dropout = new SampleDropout(dropout);
        _conv2 = Conv2d(outputs, outputs, 3, padding: 1, bias: false);
        _shortcut = inputs == outputs ? null : Conv2d(inputs, outputs, 1, stride: stride, bias: false);
        register_module("bn1", _bn1);
        register_module("conv1", _conv1);
        register_module("bn2", _bn2);
        register_module("dropout", _dropout);
        register_module("conv2", _conv2);
        if (_shortcut is not null)
            register_module("convShortcut", _shortcut);
    }

    /// <summary>The shortcut's convolution; null where the input itself is added.</summary>
    public Conv2d? Shortcut => _shortcut;

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, outputs, height / stride, width / stride].</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor active = _bn1.call(input).relu();
        Tensor branch = _conv2.call(_dropout.call(_bn2.call(FoldedConvolution.Apply(_conv1, active)).relu()));
        return branch + (_shortcut is null ? input : FoldedConvolution.Apply(_shortcut, active));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _bn1.Dispose();
            _conv1.Dispose();
            _bn2.Dispose();
            _dropout.Dispose();
            _conv2.Dispose();
            _shortcut?.Dispose();
        }

        base.Dispose(disposing);
    }
}
