using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.OneClass;

/// <summary>A <see cref="SphereEncoder"/> with its mirror behind it: what the encoder learns from before there is a centre. Neither has a bias.</summary>
internal sealed class SphereAutoencoder : Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly SphereEncoder _encoder;

    [ComponentName(Name = "fc")]
    private readonly Linear _first;

    [ComponentName(Name = "convs")]
    private readonly ModuleList<Conv2d> _convolutions = [];

    [ComponentName(Name = "norms")]
    private readonly ModuleList<BatchNorm2d> _norms = [];

    private readonly long[][] _sizes;

    /// <param name="options">The shape of the encoder, whose weights are those of a <see cref="SphereEncoder"/> of the same options.</param>
    /// <param name="inputShape">[channels, height, width].</param>
    public SphereAutoencoder(ImageDeepSvddOptions options, IReadOnlyList<long> inputShape) : base(nameof(SphereAutoencoder))
    {
        _encoder = new SphereEncoder(options, inputShape);
        using var generator = new torch.Generator(unchecked((ulong)options.Seed + 1));
        _first = Linear(options.Representation, _encoder.Map.Aggregate(1L, (a, b) => a * b), hasBias: false);
        Initialization.Default(_first, generator);
        long[] widths = [inputShape[0], .. options.Channels.Select(c => (long)c)];
        _sizes = [.. Enumerable.Range(0, options.Channels.Count).Select(i => new[] { inputShape[1] >> i, inputShape[2] >> i })];
        for (int i = options.Channels.Count - 1; i >= 0; i--)
        {
            Conv2d convolution = Conv2d(widths[i + 1], widths[i], options.Kernel, padding: options.Kernel / 2, bias: false);
            Initialization.KaimingUniform(convolution.weight!, generator);
            _convolutions.Add(convolution);
            if (i > 0)
                _norms.Add(BatchNorm2d(widths[i], 1e-4, affine: false));
        }

        register_module("encoder", _encoder);
        register_module("fc", _first);
        register_module("convs", _convolutions);
        register_module("norms", _norms);
    }

    /// <summary>The half that is kept.</summary>
    public SphereEncoder Encoder => _encoder;

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>The images as they come back, in (0, 1).</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor x = functional.leaky_relu(_first.call(_encoder.call(input)).view([-1, .. _encoder.Map]), 0.01);
        for (int i = 0; i < _convolutions.Count; i++)
        {
            x = _convolutions[i].call(functional.interpolate(x, _sizes[^(i + 1)], mode: torch.InterpolationMode.Nearest));
            if (i < _norms.Count)
                x = functional.leaky_relu(_norms[i].call(x), 0.01);
        }

        return x.sigmoid();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _encoder.Dispose();
            _first.Dispose();
            _convolutions.Dispose();
            _norms.Dispose();
        }

        base.Dispose(disposing);
    }
}
