using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.OneClass;

/// <summary>
/// The network of Deep SVDD on images (Ruff et al. 2018, LeNet form): convolutions, batch norm, leaky ReLU, pooling by 2, a linear layer.
/// Nothing in it has a bias, batch norm included, and no activation is bounded: with either the network could map every image to the
/// centre (propositions 2 and 3).
/// </summary>
internal sealed class SphereEncoder : Module<Tensor, Tensor>
{
    private const double NormEpsilon = 1e-4;

    [ComponentName(Name = "convs")]
    private readonly ModuleList<Conv2d> _convolutions = [];

    [ComponentName(Name = "norms")]
    private readonly ModuleList<BatchNorm2d> _norms = [];

    [ComponentName(Name = "fc")]
    private readonly Linear _last;

    /// <param name="options">The shape.</param>
    /// <param name="inputShape">[channels, height, width].</param>
    /// <exception cref="ShapeException">No images, or images of which the pooling leaves nothing.</exception>
    public SphereEncoder(ImageDeepSvddOptions options, IReadOnlyList<long> inputShape) : base(nameof(SphereEncoder))
    {
        if (inputShape is not [var channels, var height, var width])
            throw new ShapeException("an input", inputShape, "[channels, height, width]: images");
        using var generator = new torch.Generator(unchecked((ulong)options.Seed));
        foreach (int next in options.Channels)
        {
            Conv2d convolution = Conv2d(channels, next, options.Kernel, padding: options.Kernel / 2, bias: false);
            Initialization.KaimingUniform(convolution.weight!, generator);
            _convolutions.Add(convolution);
            _norms.Add(BatchNorm2d(next, NormEpsilon, affine: false));
            (channels, height, width) = (next, height / 2, width / 2);
        }

        if (height < 1 || width < 1)
            throw new ShapeException("an input", inputShape, $"at least {1 << options.Channels.Count} pixels high and wide: each of {options.Channels.Count} convolutions halves the image");
        Map = [channels, height, width];
        _last = Linear(channels * height * width, options.Representation, hasBias: false);
        Initialization.Default(_last, generator);
        register_module("convs", _convolutions);
        register_module("norms", _norms);
        register_module("fc", _last);
    }

    /// <summary>Shape of what the convolutions leave of an image.</summary>
    public IReadOnlyList<long> Map { get; }

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, representation].</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor x = input;
        for (int i = 0; i < _convolutions.Count; i++)
            x = functional.max_pool2d(functional.leaky_relu(_norms[i].call(_convolutions[i].call(x)), 0.01), 2);
        return _last.call(x.flatten(1));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _convolutions.Dispose();
            _norms.Dispose();
            _last.Dispose();
        }

        base.Dispose(disposing);
    }
}
