using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>
/// A residual block (He et al. 2016): two 3x3 convolutions, or a bottleneck whose 3x3 convolution has the stride; torchvision's
/// names.
/// </summary>
public sealed class ResNetBlock : Module<Tensor, Tensor>
{
    private readonly Conv2d[] _convolutions;
    private readonly BatchNorm2d[] _norms;

    [ComponentName(Name = "downsample")]
    private readonly Sequential? _downsample;

    internal ResNetBlock(long inputs, long width, long stride, bool bottleneck) : base(nameof(ResNetBlock))
    {
        Outputs = bottleneck ? 4 * width : width;
        _convolutions = bottleneck
            ? [Convolution(inputs, width, 1, 1), Convolution(width, width, 3, stride), Convolution(width, Outputs, 1, 1)]
            : [Convolution(inputs, width, 3, stride), Convolution(width, width, 3, 1)];
        _norms = [.. _convolutions.Select(c => BatchNorm2d(c.out_channels))];
        for (int i = 0; i < _convolutions.Length; i++)
        {
            register_module($"conv{i + 1}", _convolutions[i]);
            register_module($"bn{i + 1}", _norms[i]);
        }

        if (stride != 1 || inputs != Outputs)
        {
            _downsample = Sequential(Convolution(inputs, Outputs, 1, stride), BatchNorm2d(Outputs));
            register_module("downsample", _downsample);
        }
    }

    /// <summary>Channels of the result.</summary>
    public long Outputs { get; }

    /// <summary>The convolutions of the branch, in order.</summary>
    public IReadOnlyList<Conv2d> Convolutions => _convolutions;

    /// <summary>The batch norm after each of them.</summary>
    public IReadOnlyList<BatchNorm2d> Norms => _norms;

    /// <summary>The 1x1 convolution and its norm on the residual, where shapes change; null elsewhere.</summary>
    public Sequential? Downsample => _downsample;

    /// <param name="input">[batch, channels, rows, columns].</param>
    /// <returns>[batch, <see cref="Outputs"/>, ...], rows and columns divided by the stride.</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor x = input;
        for (int i = 0; i < _convolutions.Length; i++)
        {
            x = _norms[i].call(FoldedConvolution.Apply(_convolutions[i], x));
            if (i < _convolutions.Length - 1)
                x = x.relu();
        }

        return (x + (_downsample is null ? input : _downsample.call(input))).relu();
    }

    internal static Conv2d Convolution(long inputs, long outputs, long kernel, long stride) =>
        Conv2d(inputs, outputs, kernel, stride, padding: kernel / 2, bias: false);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Conv2d convolution in _convolutions)
                convolution.Dispose();
            foreach (BatchNorm2d norm in _norms)
                norm.Dispose();
            _downsample?.Dispose();
        }

        base.Dispose(disposing);
    }
}
