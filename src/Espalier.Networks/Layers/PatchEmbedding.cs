using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Layers;

/// <summary>Cuts images into patches and maps each linearly to a token; tokens are row-major over the patch grid.</summary>
public sealed class PatchEmbedding : Module<Tensor, Tensor>
{
    [ComponentName(Name = "proj")]
    private readonly Conv2d _proj;

    private readonly int _patchHeight, _patchWidth;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Channels of the images.</param>
    /// <param name="dModel">Channels of a token.</param>
    /// <param name="patchHeight">Height of a patch in pixels.</param>
    /// <param name="patchWidth">Width of a patch in pixels.</param>
    public PatchEmbedding(int channels, int dModel, int patchHeight, int patchWidth) : base(nameof(PatchEmbedding))
    {
        (_patchHeight, _patchWidth) = (patchHeight, patchWidth);
        _proj = Conv2d(channels, dModel, ((long)patchHeight, (long)patchWidth), stride: ((long)patchHeight, (long)patchWidth));
        register_module("proj", _proj);
    }

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, tokens, d].</returns>
    public override Tensor forward(Tensor input)
    {
        // A convolution whose stride is its kernel is one matrix product: cut the patches, each flattened in the order
        // (channel, row, column) of the kernel.
        long[] shape = input.shape;
        (long batch, long channels) = (shape[0], shape[1]);
        (long rows, long columns) = (shape[2] / _patchHeight, shape[3] / _patchWidth);
        Tensor patches = input.reshape(batch, channels, rows, _patchHeight, columns, _patchWidth)
            .permute(0, 2, 4, 1, 3, 5)
            .reshape(batch, rows * columns, channels * _patchHeight * _patchWidth);
        return functional.linear(patches, _proj.weight!.flatten(1), _proj.bias);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _proj.Dispose();
        base.Dispose(disposing);
    }

    internal void Initialize(torch.Generator generator)
    {
        Initialization.LecunNormal(_proj.weight!, generator);
        Initialization.Constant(_proj.bias!, 0);
    }
}
