using TorchSharp.Modules;

namespace Espalier.Networks.Layers;

/// <summary>A convolution with square kernel, equal strides and equal zero padding on all sides, without dilation or groups.</summary>
/// <param name="Channels">Channels of the input.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
/// <param name="Kernel">The kernel's side.</param>
/// <param name="Stride">Pixels from one place of the kernel to the next.</param>
/// <param name="Padding">Zeros beyond each side.</param>
internal readonly record struct ConvolutionGeometry(int Channels, int Height, int Width, int Kernel, int Stride, int Padding)
{
    /// <summary>Rows of the output.</summary>
    public int OutputHeight => Places(Height);

    /// <summary>Columns of the output.</summary>
    public int OutputWidth => Places(Width);

    /// <summary>The geometry of a layer on an input, null where it is another kind of convolution.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">[batch, channels, height, width].</param>
    public static ConvolutionGeometry? Of(Conv2d layer, Tensor input)
    {
        long[] weight = layer.weight!.shape;
        bool isPlain = layer is { groups: 1, padding_mode: TorchSharp.PaddingModes.Zeros, padding_type: null } && IsEqual(layer.dilation, 1) && weight[2] == weight[3];
        if (!isPlain || layer.padding is not { } padding || !IsEqual(layer.stride, layer.stride[0]) || !IsEqual(padding, padding[0]))
            return null;
        return input.shape is [_, var channels, var height, var width] && channels == weight[1] && Math.Min(height, width) + (2 * padding[0]) >= weight[2]
            ? new((int)channels, (int)height, (int)width, (int)weight[2], (int)layer.stride[0], (int)padding[0])
            : null;
    }

    private int Places(int side) => ((side + (2 * Padding) - Kernel) / Stride) + 1;

    private static bool IsEqual(long[] values, long wanted) => Array.TrueForAll(values, v => v == wanted);
}
