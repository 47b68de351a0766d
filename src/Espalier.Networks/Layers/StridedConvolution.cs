using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>
/// A strided convolution as one of stride 1 over squares of pixels moved into channels: the same sums. Of strided
/// convolutions oneDNN 3 takes the gradient of the input by a kernel up to eight times slower than its forward pass; of
/// those of stride 1 it does not.
/// </summary>
internal static class StridedConvolution
{
    /// <summary>
    /// Whether this is faster, there and back: by 2.5 times with one channel, 1.2 times with four. With six or more the
    /// copies cost more than they save, and without a gradient of the input they save nothing.
    /// </summary>
    /// <param name="layer">A convolution.</param>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <param name="stride">The layer's stride.</param>
    public static bool Pays(Conv2d layer, Tensor input, int stride) => stride > 1 && layer.weight!.shape[1] <= 4 && input.requires_grad && torch.is_grad_enabled();

    /// <summary>What the layer gives, with a faster way back to its input.</summary>
    /// <param name="layer">A convolution with square kernel, without dilation or groups.</param>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <param name="stride">The layer's stride s.</param>
    /// <param name="padding">The layer's padding.</param>
    public static Tensor Apply(Conv2d layer, Tensor input, int stride, int padding)
    {
        Tensor weight = layer.weight!;
        (long channels, long kernel) = (weight.shape[1], weight.shape[2]);
        long blocks = (kernel + stride - 1) / stride;
        long more = (blocks * stride) - kernel;
        (long top, long left) = (After(input.shape[2]), After(input.shape[3]));

        // Zeros on the far sides, or a strip less, so that whole squares cover what the kernel sees.
        // A copy of permuted dimensions is several times faster than pixel_unshuffle.
        Tensor squares = functional.pad(input, [padding, left - input.shape[3] - padding, padding, top - input.shape[2] - padding])
            .reshape(input.shape[0], channels, top / stride, stride, left / stride, stride)
            .permute(0, 1, 3, 5, 2, 4)
            .reshape(input.shape[0], channels * stride * stride, top / stride, left / stride);
        Tensor kernels = functional.pad(weight, [0, more, 0, more])
            .view(weight.shape[0], channels, blocks, stride, blocks, stride)
            .permute(0, 1, 3, 5, 2, 4)
            .reshape(weight.shape[0], channels * stride * stride, blocks, blocks);
        return functional.conv2d(squares, kernels, layer.bias);

        long After(long side) => (((side + (2 * padding) - kernel) / stride) * stride) + (blocks * stride);
    }
}
