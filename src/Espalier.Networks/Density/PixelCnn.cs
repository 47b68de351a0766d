using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Density;

/// <summary>
/// A density of grey images, pixel after pixel (van den Oord et al. 2016, PixelCNN; gates and mixtures after Salimans et al. 2017, PixelCNN++):
/// a masked convolution, gated residual blocks, and for each pixel a mixture of discretised logistics given all pixels before it.
/// </summary>
public sealed class PixelCnn : Module<Tensor, Tensor>
{
    [ComponentName(Name = "first")]
    private readonly MaskedConvolution _first;

    [ComponentName(Name = "blocks")]
    private readonly ModuleList<PixelCnnBlock> _blocks = [];

    [ComponentName(Name = "last")]
    private readonly Conv2d _last;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public PixelCnn(PixelCnnOptions options, int seed = 0) : base(nameof(PixelCnn))
    {
        options.Validate();
        Options = options;
        using var generator = new torch.Generator(unchecked((ulong)seed));
        _first = new MaskedConvolution(1, options.Channels, options.FirstKernel, seesItself: false, generator);
        for (int i = 0; i < options.Blocks; i++)
            _blocks.Add(new PixelCnnBlock(options.Channels, generator));
        _last = Conv2d(options.Channels, 3 * options.Mixtures, 1);
        Initialization.KaimingUniform(_last.weight!, generator);
        Initialization.Uniform(_last.bias!, 1 / Math.Sqrt(options.Channels), generator);
        register_module("first", _first);
        register_module("blocks", _blocks);
        register_module("last", _last);
    }

    /// <summary>What the network was made from.</summary>
    public PixelCnnOptions Options { get; }

    /// <param name="input">Images in [0, 1], [batch, 1, height, width].</param>
    /// <returns>For each pixel the logits, means and log-scales of its mixture, [batch, 3, mixtures, height, width]; means and scales in units of [-1, 1].</returns>
    /// <exception cref="ShapeException">No grey images.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.dim() != 4 || input.shape[1] != 1)
            throw new ShapeException("images", input.shape, "[batch, 1, height, width]: the density is of grey images");
        Tensor x = _first.call((input * 2) - 1);
        foreach (PixelCnnBlock block in _blocks)
            x = block.call(x);
        x = _last.call(functional.elu(x, 1));
        return x.view(x.shape[0], 3, Options.Mixtures, x.shape[2], x.shape[3]);
    }

    /// <summary>-log p(x) of images whose pixels are k/255.</summary>
    /// <param name="images">[batch, 1, height, width], in [0, 1].</param>
    /// <returns>[batch], nats.</returns>
    /// <exception cref="ShapeException">No grey images.</exception>
    public Tensor NegativeLogLikelihood(Tensor images)
    {
        Tensor mixture = call(images);
        return -DiscretizedLogistic.LogProbability((images.squeeze(1) * 2) - 1, mixture).sum([1L, 2L]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _first.Dispose();
            _blocks.Dispose();
            _last.Dispose();
        }

        base.Dispose(disposing);
    }
}
