using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Density;

/// <summary>
/// A convolution that sees only what comes before a pixel, row by row and from left to right (van den Oord et al. 2016): mask A leaves
/// out the pixel itself, mask B takes it in. The size of the image stays.
/// </summary>
public sealed class MaskedConvolution : ModuleWithConstants
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Channels of the input.</param>
    /// <param name="outputs">Channels of the output.</param>
    /// <param name="kernel">Side of the kernel, odd.</param>
    /// <param name="seesItself">Whether the pixel itself is seen: mask B.</param>
    /// <param name="generator">Draws the weights.</param>
    internal MaskedConvolution(long inputs, long outputs, int kernel, bool seesItself, torch.Generator generator) : base(nameof(MaskedConvolution))
    {
        Kernel = kernel;
        _weight = new Parameter(torch.empty(outputs, inputs, kernel, kernel).DetachFromDisposeScope());
        _bias = new Parameter(torch.empty(outputs).DetachFromDisposeScope());
        register_parameter("weight", _weight);
        register_parameter("bias", _bias);
        // PyTorch's own start of a convolution, which knows nothing of the mask.
        double bound = 1 / Math.Sqrt(inputs * kernel * kernel);
        Initialization.Uniform(_weight, bound, generator);
        Initialization.Uniform(_bias, bound, generator);
        float[] mask = new float[kernel * kernel];
        int seen = (kernel * kernel / 2) + (seesItself ? 1 : 0);
        mask.AsSpan(0, seen).Fill(1);
        AddConstant("mask", torch.tensor(mask).view(1, 1, kernel, kernel).clone());
    }

    /// <summary>Side of the kernel.</summary>
    public int Kernel { get; }

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, outputs, height, width].</returns>
    public override Tensor forward(Tensor input) => functional.conv2d(input, _weight * Constant("mask"), _bias, padding: [Kernel / 2, Kernel / 2]);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _weight.Dispose();
            _bias.Dispose();
        }

        base.Dispose(disposing);
    }
}
