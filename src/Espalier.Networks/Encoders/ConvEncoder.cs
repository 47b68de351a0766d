using Espalier.Errors;
using Espalier.Networks.Layers;
using Espalier.Training.Normalization;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Encoders;

/// <summary>
/// A small convolutional encoder: 3x3 convolutions without bias, each followed by batch norm and ReLU, then the mean over
/// the positions. Its batch norm is a <see cref="GhostBatchNorm"/>, which the trainer sets.
/// </summary>
public sealed class ConvEncoder : Encoder
{
    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "convs")]
    private readonly ModuleList<Conv2d> _convolutions = [];

    [ComponentName(Name = "norms")]
    private readonly ModuleList<GhostBatchNorm> _norms = [];

    private readonly long _channels;

    internal ConvEncoder(EncoderOptions options, IReadOnlyList<long> inputShape, int seed)
        : base(nameof(ConvEncoder), options.Channels[^1])
    {
        if (inputShape is not [var channels, _, _])
            throw new ShapeException("an input", inputShape, "[channels, height, width]: a convolutional encoder takes images");
        _channels = channels;
        _input = new Standardization(options.InputMean, options.InputStd);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        for (int i = 0; i < options.Channels.Count; i++)
        {
            Conv2d convolution = Conv2d(i == 0 ? channels : options.Channels[i - 1], options.Channels[i], 3, stride: options.Strides[i], padding: 1, bias: false);
            Initialization.KaimingUniform(convolution.weight!, generator);
            _convolutions.Add(convolution);
            _norms.Add(new GhostBatchNorm(options.Channels[i]));
        }

        register_module("input", _input);
        register_module("convs", _convolutions);
        register_module("norms", _norms);
    }

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, features].</returns>
    /// <exception cref="ShapeException">Another number of channels.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.dim() != 4 || input.shape[1] != _channels)
            throw new ShapeException("images", input.shape, $"[batch, {_channels}, height, width]");
        Tensor x = _input.call(input);
        for (int i = 0; i < _convolutions.Count; i++)
            x = functional.relu(_norms[i].call(FoldedConvolution.Apply(_convolutions[i], x)));
        return x.mean([2, 3]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _convolutions.Dispose();
            _norms.Dispose();
        }

        base.Dispose(disposing);
    }
}
