using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>
/// A plain convolutional network: convolutions with pooling and activation, then linear layers with activations between
/// them. The maximum is taken before the activation: for ReLU that is the same function at a fraction of the cost, for
/// others it is what published networks do. Its tensors are called <c>conv1</c>, <c>conv2</c>, ... and <c>fc1</c>,
/// <c>fc2</c>, ..., as in published networks for MNIST.
/// </summary>
public sealed class ConvNet : Module<Tensor, Tensor>
{
    /// <summary>The slope inside the sigmoid of <see cref="ConvActivation.SigmoidGelu"/>.</summary>
    public const double SigmoidSlope = 1.702;

    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    private readonly Conv2d[] _convolutions;

    private readonly Linear[] _layers;

    private readonly SampleDropout _dropout;

    private readonly long[] _shape;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range, or nothing is left of an image after the convolutions.</exception>
    public ConvNet(ConvNetOptions options, int seed = 0) : base(nameof(ConvNet))
    {
        options.Validate();
        Options = options;
        _shape = ImageShape.Of(options);
        _input = new Standardization(options.InputMean, options.InputStd);
        register_module("input", _input);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        (long channels, long height, long width) = (_shape[0], _shape[1], _shape[2]);
        _convolutions = new Conv2d[options.Convolutions.Count];
        for (int i = 0; i < _convolutions.Length; i++)
        {
            ConvLayerOptions layer = options.Convolutions[i];
            _convolutions[i] = Conv2d(channels, layer.Channels, layer.Kernel, stride: layer.Stride, padding: layer.Padding);
            Initialization.KaimingUniform(_convolutions[i].weight!, generator);
            init.zeros_(_convolutions[i].bias!);
            register_module($"conv{i + 1}", _convolutions[i]);
            channels = layer.Channels;
            (height, width) = (After(height, layer), After(width, layer));
            OptionsException.Require(height >= 1 && width >= 1, nameof(options.Convolutions), i + 1, $"must leave something of an image of {_shape[1]} x {_shape[2]}");
        }

        long[] widths = [channels * height * width, .. options.HiddenSizes.Select(h => (long)h), Given.Value(options.Classes, nameof(options.Classes))];
        _layers = new Linear[widths.Length - 1];
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = Linear(widths[i], widths[i + 1]);
            Initialization.Default(_layers[i], generator);
            register_module($"fc{i + 1}", _layers[i]);
        }

        _dropout = new SampleDropout(options.Dropout);
        register_module("dropout", _dropout);
    }

    /// <summary>What the network was made from.</summary>
    public ConvNetOptions Options { get; }

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>Logits, [batch, classes].</returns>
    /// <exception cref="ShapeException">Another shape than the network was made for.</exception>
    public override Tensor forward(Tensor input)
    {
        ImageShape.Require(input, _shape);
        Tensor x = _input.call(input);
        for (int i = 0; i < _convolutions.Length; i++)
        {
            ConvLayerOptions layer = Options.Convolutions[i];
            x = FoldedConvolution.Apply(_convolutions[i], x);
            if (training && layer.ChannelDropout > 0)
                x = x * Espalier.Training.Loop.SampleRandom.KeepMask([x.shape[0], x.shape[1], 1, 1], 1 - layer.ChannelDropout, x);
            if (layer.Pool > 1)
                x = PairPooling.Maximum(x, layer.Pool);
            x = Activated(x);
        }

        x = x.flatten(1);
        for (int i = 0; i < _layers.Length; i++)
        {
            x = _layers[i].call(x);
            if (i < _layers.Length - 1)
                x = Activated(x);
            if (i == 0 && _layers.Length > 1)
                x = _dropout.call(x);
        }

        return x;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _dropout.Dispose();
            foreach (Conv2d convolution in _convolutions)
                convolution.Dispose();
            foreach (Linear layer in _layers)
                layer.Dispose();
        }

        base.Dispose(disposing);
    }

    private Tensor Activated(Tensor x) => Options.Activation == ConvActivation.Relu ? functional.relu(x) : x * (x * SigmoidSlope).sigmoid();

    private static long After(long side, ConvLayerOptions layer) =>
        (((side + (2 * layer.Padding) - layer.Kernel) / layer.Stride) + 1) / layer.Pool;
}
