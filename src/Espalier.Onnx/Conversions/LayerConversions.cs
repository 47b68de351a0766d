using Espalier.Onnx.Graph;
using TorchSharp.Modules;

namespace Espalier.Onnx.Conversions;

/// <summary>How TorchSharp's own layers are written in ONNX, in evaluation mode.</summary>
internal static class LayerConversions
{
    private const double SeluAlpha = 1.6732632423543772;
    private const double SeluGamma = 1.0507009873554805;

    public static OnnxConversions AddTo(OnnxConversions conversions) =>
        RecurrentConversions.AddTo(PoolingConversions.AddTo(Shapes(Activations(Norms(Weights(conversions))))));

    private static OnnxConversions Weights(OnnxConversions conversions) => conversions
        .With<Linear>((g, m, x) => g.Linear(x, g.Weight(m.weight!), m.bias is null ? null : g.Weight(m.bias)))
        .With<Embedding>((g, _, x) => g.Gather(g.Weight("weight"), x))
        .With<Convolution>(Convolve)
        .With<PReLU>((g, m, x) => PRelu(g, m, x))
        .WithMany<MultiheadAttention>(AttentionConversion.Convert)
        .With<Sequential>((g, m, x) => m.children().Aggregate(x, (value, child) => g.Call(child, value)));

    private static OnnxConversions Norms(OnnxConversions conversions) => conversions
        .With<LayerNorm>((g, m, x) => g.LayerNorm(x, ScaleOf(g, m), m.bias is null ? null : g.Weight(m.bias), m.eps))
        .With<GroupNorm>((g, m, x) => Grouped(g, x, m.num_groups, m.weight, m.bias, m.eps))
        .With<InstanceNorm>((g, m, x) => m.track_running_stats
            ? g.BatchNorm(x, ScaleOf(g, m), ShiftOf(g, m), g.Weight("running_mean"), g.Weight("running_var"), m.eps)
            : Grouped(g, x, m.num_features, m.affine ? m.weight : null, m.affine ? m.bias : null, m.eps))
        .With<BatchNorm>((g, m, x) => m.track_running_stats
            ? g.BatchNorm(x, ScaleOf(g, m), ShiftOf(g, m), g.Weight("running_mean"), g.Weight("running_var"), m.eps)
            : throw g.Refusal("without running statistics a result depends on the rest of the batch", "make it with track_running_stats"))
        .With<Espalier.Training.Normalization.GhostBatchNorm>((g, m, x) => g.BatchNorm(x, g.Weight("weight"), g.Weight("bias"), g.Weight("running_mean"), g.Weight("running_var"), m.Epsilon));

    private static OnnxConversions Activations(OnnxConversions conversions) => conversions
        .With<ReLU>((g, _, x) => g.Relu(x))
        .With<ReLU6>((g, _, x) => g.Clip(x, 0, 6))
        .With<LeakyReLU>((g, m, x) => g.Unary("LeakyRelu", x, ("alpha", m.negative_slope)))
        .With<ELU>((g, m, x) => g.Unary("Elu", x, ("alpha", m.alpha)))
        .With<CELU>((g, m, x) => g.Unary("Celu", x, ("alpha", m.alpha)))
        .With<SELU>((g, _, x) => g.Unary("Selu", x, ("alpha", SeluAlpha), ("gamma", SeluGamma)))
        .With<SiLU>((g, _, x) => g.Silu(x))
        .With<Mish>((g, _, x) => g.Multiply(x, g.Tanh(g.Unary("Softplus", x))))
        .With<GELU>((g, m, x) => m.approximate == TorchSharp.Modules.GELU.Approximate.tanh ? g.GeluTanh(x) : g.Gelu(x))
        .With<Hardswish>((g, _, x) => g.Unary("HardSwish", x))
        .With<Hardsigmoid>((g, _, x) => g.Unary("HardSigmoid", x, ("alpha", 1 / 6.0), ("beta", 0.5)))
        .With<Sigmoid>((g, _, x) => g.Sigmoid(x))
        .With<LogSigmoid>((g, _, x) => g.Unary("Neg", g.Unary("Softplus", g.Unary("Neg", x))))
        .With<Tanh>((g, _, x) => g.Tanh(x))
        .With<Softsign>((g, _, x) => g.Unary("Softsign", x))
        .With<Softplus>((g, m, x) => g.Scale(g.Unary("Softplus", g.Scale(x, m.beta)), 1 / m.beta))
        .With<Softmax>((g, m, x) => g.Softmax(x, m.dim))
        .With<LogSoftmax>((g, m, x) => g.LogSoftmax(x, m.dim))
        .With<GLU>((g, m, x) =>
        {
            IReadOnlyList<OnnxValue> halves = g.Chunk(x, 2, m.dim);
            return g.Multiply(halves[0], g.Sigmoid(halves[1]));
        });

    private static OnnxConversions Shapes(OnnxConversions conversions) => conversions
        .With<Identity>((_, _, x) => x)
        .With<Dropout>((_, _, x) => x)
        .With<Dropout1d>((_, _, x) => x)
        .With<Dropout2d>((_, _, x) => x)
        .With<Dropout3d>((_, _, x) => x)
        .With<AlphaDropout>((_, _, x) => x)
        .With<FeatureAlphaDropout>((_, _, x) => x)
        .With<Flatten>((g, m, x) => g.Flatten(x, m.start_dim, m.end_dim))
        .With<Unflatten>((g, m, x) =>
        {
            int axis = x.Axis(m.dim);
            return g.Reshape(x, [.. x.Shape.Take(axis), .. m.unflattened_size, .. x.Shape.Skip(axis + 1)]);
        })
        .With<Upsample>(Resize);

    private static OnnxValue Convolve(OnnxGraph graph, Convolution m, OnnxValue x)
    {
        if (m.transposed)
            throw graph.Refusal("transposed convolutions have no conversion", "give it one with OnnxConversions.With");
        if (m.padding_mode != PaddingModes.Zeros)
            throw graph.Refusal($"padding mode {m.padding_mode} has no conversion", "pad with zeros, or give it a conversion with OnnxConversions.With");
        int spatial = x.Rank - 2;
        long[] kernel = [.. m.weight!.shape.Skip(2)];
        (long[] stride, long[] dilation) = (Each(m.stride, spatial), Each(m.dilation, spatial));
        (long[] before, long[] after) = m.padding_type switch
        {
            Padding.Same => Same(kernel, dilation),
            Padding.Valid => (new long[spatial], new long[spatial]),
            _ => (Each(m.padding!, spatial), Each(m.padding!, spatial)),
        };
        long[] shape = [x.Shape[0], m.weight.shape[0], .. Enumerable.Range(0, spatial).Select(i => (x.Shape[i + 2] + before[i] + after[i] - dilation[i] * (kernel[i] - 1) - 1) / stride[i] + 1)];
        OnnxValue?[] inputs = m.bias is null ? [x, graph.Weight(m.weight)] : [x, graph.Weight(m.weight), graph.Weight(m.bias)];
        return graph.Node("Conv", inputs, shape, null,
            ("kernel_shape", kernel), ("strides", stride), ("dilations", dilation), ("group", m.groups), ("pads", (long[])[.. before, .. after]));
    }

    private static (long[] Before, long[] After) Same(long[] kernel, long[] dilation)
    {
        long[] total = [.. kernel.Select((k, i) => dilation[i] * (k - 1))];
        return ([.. total.Select(t => t / 2)], [.. total.Select(t => t - t / 2)]);
    }

    private static OnnxValue PRelu(OnnxGraph graph, PReLU m, OnnxValue x)
    {
        OnnxValue slope = graph.Weight(m.weight!);
        if (m.weight!.numel() > 1 && x.Rank > 2)
            slope = graph.Reshape(slope, [m.weight.numel(), .. Enumerable.Repeat(1L, x.Rank - 2)]);
        return graph.Node("PRelu", [x, slope], x.Shape);
    }

    // Instance normalisation of the groups laid out as [batch, groups, everything else], then the scale of each channel.
    private static OnnxValue Grouped(OnnxGraph graph, OnnxValue x, long groups, Tensor? weight, Tensor? bias, double epsilon)
    {
        using Tensor ones = torch.ones(groups);
        using Tensor zeros = torch.zeros(groups);
        OnnxValue grouped = graph.Reshape(x, x.Shape[0], groups, x.Shape.Skip(1).Aggregate(1L, (a, b) => a * b) / groups);
        OnnxValue normal = graph.Node("InstanceNormalization", [grouped, graph.Constant(ones, "ones"), graph.Constant(zeros, "zeros")], grouped.Shape, null, ("epsilon", epsilon));
        OnnxValue result = graph.Reshape(normal, x.Shape);
        long[] perChannel = [x.Shape[1], .. Enumerable.Repeat(1L, x.Rank - 2)];
        if (weight is not null)
            result = graph.Multiply(result, graph.Reshape(graph.Weight(weight), perChannel));
        return bias is null ? result : graph.Add(result, graph.Reshape(graph.Weight(bias), perChannel));
    }

    private static OnnxValue ScaleOf(OnnxGraph graph, LayerNorm m)
    {
        if (m.weight is not null)
            return graph.Weight(m.weight);
        using Tensor ones = torch.ones(m.normalized_shape);
        return graph.Constant(ones, "ones");
    }

    private static OnnxValue ScaleOf(OnnxGraph graph, NormBase m)
    {
        if (m.affine)
            return graph.Weight(m.weight!);
        using Tensor ones = torch.ones(m.num_features);
        return graph.Constant(ones, "ones");
    }

    private static OnnxValue ShiftOf(OnnxGraph graph, NormBase m)
    {
        if (m.affine)
            return graph.Weight(m.bias!);
        using Tensor zeros = torch.zeros(m.num_features);
        return graph.Constant(zeros, "zeros");
    }

    private static OnnxValue Resize(OnnxGraph graph, Upsample m, OnnxValue x)
    {
        int spatial = x.Rank - 2;
        bool aligned = m.align_corners ?? false;
        double[] scales = m.size.Length > 0
            ? [.. Each(m.size.ToArray(), spatial).Select((size, i) => (double)size / x.Shape[i + 2])]
            : [.. Enumerable.Range(0, spatial).Select(i => m.scale_factor[m.scale_factor.Length == 1 ? 0 : i])];
        long[] shape = [.. x.Shape.Take(2), .. scales.Select((s, i) => (long)Math.Floor(x.Shape[i + 2] * s + 1e-9))];
        using Tensor factors = torch.tensor((float[])[1, 1, .. scales.Select((s, i) => (float)shape[i + 2] / x.Shape[i + 2])]);
        (string mode, string coordinates) = m.mode switch
        {
            torch.UpsampleMode.Nearest => ("nearest", "asymmetric"),
            torch.UpsampleMode.Linear or torch.UpsampleMode.Bilinear or torch.UpsampleMode.Trilinear => ("linear", aligned ? "align_corners" : "half_pixel"),
            torch.UpsampleMode.Bicubic => ("cubic", aligned ? "align_corners" : "half_pixel"),
            _ => throw graph.Refusal($"mode {m.mode} has no conversion", "use nearest, linear or cubic interpolation"),
        };
        return graph.Node("Resize", [x, null, graph.Constant(factors, "scales")], shape, null,
            ("mode", mode), ("coordinate_transformation_mode", coordinates), ("nearest_mode", "floor"), ("cubic_coeff_a", -0.75));
    }

    private static long[] Each(long[] values, int count) => values.Length == count ? values : [.. Enumerable.Repeat(values[0], count)];
}
