using TorchSharp.Modules;

namespace Espalier.Networks.Layers;

/// <summary>
/// Convolutions whose way back to their input oneDNN 3 takes slowly on CPUs without AVX-512: those with a stride, and those of few
/// channels. They take it by <see cref="ColumnFold"/>; all else is the layer's own.
/// </summary>
internal static class FoldedConvolution
{
    // oneDNN works on eight channels at a time.
    private const int FewChannels = 4;

    /// <summary>What the layer gives, with a faster way back to the input where there is one.</summary>
    /// <param name="layer">A convolution.</param>
    /// <param name="input">[batch, channels, height, width].</param>
    public static Tensor Apply(Conv2d layer, Tensor input) => Foldable(layer, input) is { } geometry
        ? Function.apply(input, layer.call(input.detach()), layer.weight!, layer.bias ?? torch.empty(0), geometry)
        : layer.call(input);

    private static ConvolutionGeometry? Foldable(Conv2d layer, Tensor input)
    {
        bool isPossible = input.requires_grad && torch.is_grad_enabled() && input.device.type == TorchSharp.DeviceType.CPU && input.dtype == torch.float32 && input.dim() == 4 && layer.weight!.dtype == torch.float32;
        return isPossible && ConvolutionGeometry.Of(layer, input) is { } geometry && (geometry.Stride > 1 || geometry.Channels <= FewChannels) ? geometry : null;
    }

    /// <summary>
    /// The output as it is, its gradient handed on to the layer's own graph, which ends at the weights, and folded for the input.
    /// Where derivatives of these gradients are wanted, all are taken by operations that have one.
    /// </summary>
    private sealed class Function : torch.autograd.SingleTensorFunction<Function>
    {
        private const string Geometry = "geometry";

        public override string Name => nameof(FoldedConvolution);

        public override Tensor forward(torch.autograd.AutogradContext context, params object[] inputs)
        {
            context.save_for_backward([(Tensor)inputs[0], (Tensor)inputs[2], (Tensor)inputs[3]]);
            context.save_data(Geometry, inputs[4]);
            return ((Tensor)inputs[1]).alias();
        }

        public override List<Tensor> backward(torch.autograd.AutogradContext context, Tensor gradient)
        {
            List<Tensor> saved = context.get_saved_variables();
            (Tensor input, Tensor weight, Tensor bias) = (saved[0], saved[1], saved[2]);
            var geometry = (ConvolutionGeometry)context.get_data(Geometry);
            if (!torch.is_grad_enabled())
                return [ColumnFold.InputGradient(gradient, weight, geometry), gradient, null!, null!, null!];
            return [InputGradient(gradient, weight, geometry), null!, weight.requires_grad ? WeightGradient(input, weight, gradient, geometry) : null!, bias.requires_grad ? gradient.sum([0L, 2L, 3L]) : null!, null!];
        }

        private static Tensor InputGradient(Tensor gradient, Tensor weight, ConvolutionGeometry g)
        {
            int Missing(int side, int places) => side - (((places - 1) * g.Stride) - (2 * g.Padding) + g.Kernel);
            return torch.nn.functional.conv_transpose2d(gradient, weight, null, [g.Stride, g.Stride], [g.Padding, g.Padding],
                [Missing(g.Height, g.OutputHeight), Missing(g.Width, g.OutputWidth)]);
        }

        private static Tensor WeightGradient(Tensor input, Tensor weight, Tensor gradient, ConvolutionGeometry g)
        {
            Tensor output = torch.nn.functional.conv2d(input, weight, null, [g.Stride, g.Stride], [g.Padding, g.Padding]);
            return torch.autograd.grad([output], [weight], [gradient], retain_graph: true, create_graph: true)[0];
        }
    }
}
