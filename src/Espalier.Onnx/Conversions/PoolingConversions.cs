using Espalier.Onnx.Graph;
using TorchSharp.Modules;

namespace Espalier.Onnx.Conversions;

/// <summary>How TorchSharp's pooling layers are written in ONNX.</summary>
internal static class PoolingConversions
{
    public static OnnxConversions AddTo(OnnxConversions conversions) => conversions
        .With<MaxPool1d>((g, m, x) => Max(g, x, [m.kernel_size], [m.stride ?? m.kernel_size], [m.padding ?? 0], [m.dilation ?? 1], m.ceil_mode))
        .With<MaxPool2d>((g, m, x) => Max(g, x, m.kernel_size, m.stride, m.padding, m.dilation, m.ceil_mode))
        .With<MaxPool3d>((g, m, x) => Max(g, x, m.kernel_size, m.stride, m.padding, m.dilation, m.ceil_mode))
        .With<AvgPool1d>((g, m, x) => Average(g, x, [m.kernel_size], [m.stride ?? m.kernel_size], [m.padding ?? 0], m.ceil_mode, m.count_include_pad))
        .With<AvgPool2d>((g, m, x) => Average(g, x, m.kernel_size, m.stride, m.padding, m.ceil_mode, m.count_include_pad, m.divisor_override))
        .With<AvgPool3d>((g, m, x) => Average(g, x, m.kernel_size, m.stride, m.padding, m.ceil_mode, m.count_include_pad, m.divisor_override))
        .With<AdaptiveAvgPool1d>((g, m, x) => Adaptive(g, x, [m.output_size], "AveragePool", "GlobalAveragePool"))
        .With<AdaptiveAvgPool2d>((g, m, x) => Adaptive(g, x, m.output_size, "AveragePool", "GlobalAveragePool"))
        .With<AdaptiveAvgPool3d>((g, m, x) => Adaptive(g, x, m.output_size, "AveragePool", "GlobalAveragePool"))
        .With<AdaptiveMaxPool1d>((g, m, x) => Adaptive(g, x, [m.output_size], "MaxPool", "GlobalMaxPool"))
        .With<AdaptiveMaxPool2d>((g, m, x) => Adaptive(g, x, m.output_size, "MaxPool", "GlobalMaxPool"))
        .With<AdaptiveMaxPool3d>((g, m, x) => Adaptive(g, x, m.output_size, "MaxPool", "GlobalMaxPool"));

    public static OnnxValue Max(OnnxGraph graph, OnnxValue x, long[] kernel, long[]? stride, long[]? padding, long[]? dilation, bool ceil)
    {
        int n = x.Rank - 2;
        (long[] k, long[] s, long[] p, long[] d) = (Each(kernel, n, 1), Each(stride, n, null) ?? Each(kernel, n, 1), Each(padding, n, 0), Each(dilation, n, 1));
        return graph.Node("MaxPool", [x], Pooled(x, k, s, p, d, ceil), null,
            ("kernel_shape", k), ("strides", s), ("pads", (long[])[.. p, .. p]), ("dilations", d), ("ceil_mode", ceil ? 1L : 0L));
    }

    private static OnnxValue Average(OnnxGraph graph, OnnxValue x, long[] kernel, long[]? stride, long[]? padding, bool ceil, bool countPadding, long? divisor = null)
    {
        int n = x.Rank - 2;
        (long[] k, long[] s, long[] p) = (Each(kernel, n, 1), Each(stride, n, null) ?? Each(kernel, n, 1), Each(padding, n, 0));
        if (divisor is not null && (p.Any(pad => pad > 0) || ceil))
            throw graph.Refusal("a divisor of its own together with padding has no conversion", "leave divisor_override out");
        OnnxValue mean = graph.Node("AveragePool", [x], Pooled(x, k, s, p, [.. Enumerable.Repeat(1L, n)], ceil), null,
            ("kernel_shape", k), ("strides", s), ("pads", (long[])[.. p, .. p]), ("ceil_mode", ceil ? 1L : 0L), ("count_include_pad", countPadding ? 1L : 0L));
        return divisor is { } by ? graph.Scale(mean, k.Aggregate(1.0, (a, b) => a * b) / by) : mean;
    }

    private static OnnxValue Adaptive(OnnxGraph graph, OnnxValue x, long[] outputs, string pool, string global)
    {
        int n = x.Rank - 2;
        long[] wanted = [.. Each(outputs, n, 1).Select((o, i) => o <= 0 ? x.Shape[i + 2] : o)];
        if (wanted.All(o => o == 1))
            return graph.Node(global, [x], [x.Shape[0], x.Shape[1], .. wanted]);
        for (int i = 0; i < n; i++)
        {
            if (x.Shape[i + 2] % wanted[i] != 0)
                throw graph.Refusal($"pooling {x.Shape[i + 2]} positions to {wanted[i]} needs windows of different sizes, which ONNX lacks", "choose an output size that divides the input's");
        }

        long[] window = [.. wanted.Select((o, i) => x.Shape[i + 2] / o)];
        return graph.Node(pool, [x], [x.Shape[0], x.Shape[1], .. wanted], null, ("kernel_shape", window), ("strides", window));
    }

    private static long[] Pooled(OnnxValue x, long[] kernel, long[] stride, long[] padding, long[] dilation, bool ceil) =>
        [x.Shape[0], x.Shape[1], .. kernel.Select((k, i) =>
        {
            long room = x.Shape[i + 2] + 2 * padding[i] - dilation[i] * (k - 1) - 1;
            return (ceil ? (room + stride[i] - 1) / stride[i] : room / stride[i]) + 1;
        })];

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(otherwise))]
    private static long[]? Each(long[]? values, int count, long? otherwise) => values switch
    {
        null or [] => otherwise is { } value ? [.. Enumerable.Repeat(value, count)] : null,
        [var one] => [.. Enumerable.Repeat(one, count)],
        _ => values,
    };
}
