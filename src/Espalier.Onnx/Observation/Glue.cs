using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Observation;

/// <summary>One function that may stand between two layers: how TorchSharp computes it, and how it is written in ONNX.</summary>
internal sealed record Glue(Func<Tensor, Tensor> Compute, Func<OnnxGraph, OnnxValue, OnnxValue> Emit)
{
    private static readonly Glue[] Elementwise =
    [
        new(t => torch.nn.functional.relu(t), (g, v) => g.Relu(v)),
        new(t => torch.nn.functional.gelu(t), (g, v) => g.Gelu(v)),
        new(t => torch.nn.functional.gelu(t, approximate: TorchSharp.Modules.GELU.Approximate.tanh), (g, v) => g.GeluTanh(v)),
        new(t => torch.nn.functional.silu(t), (g, v) => g.Silu(v)),
        new(t => torch.sigmoid(t), (g, v) => g.Sigmoid(v)),
        new(t => torch.tanh(t), (g, v) => g.Tanh(v)),
        new(t => torch.nn.functional.relu6(t), (g, v) => g.Clip(v, 0, 6)),
        new(t => torch.nn.functional.hardswish(t), (g, v) => g.Unary("HardSwish", v)),
        new(t => torch.nn.functional.leaky_relu(t, 0.01), (g, v) => g.Unary("LeakyRelu", v, ("alpha", 0.01))),
        new(t => torch.nn.functional.leaky_relu(t, 0.2), (g, v) => g.Unary("LeakyRelu", v, ("alpha", 0.2))),
        new(t => torch.nn.functional.elu(t, 1), (g, v) => g.Unary("Elu", v, ("alpha", 1.0))),
        new(t => torch.nn.functional.softplus(t), (g, v) => g.Unary("Softplus", v)),
        new(t => t * t, (g, v) => g.Multiply(v, v)),
        new(t => -t, (g, v) => g.Unary("Neg", v)),
        new(t => 1 - t, (g, v) => g.Subtract(g.Constant(1.0), v)),
        new(t => t.exp(), (g, v) => g.Unary("Exp", v)),
        new(t => t.abs(), (g, v) => g.Unary("Abs", v)),
    ];

    /// <summary>Functions that keep the shape.</summary>
    public static IEnumerable<Glue> Same(int rank)
    {
        foreach (Glue glue in Elementwise)
            yield return glue;
        for (int d = 1; d < rank; d++)
        {
            int dimension = d;
            yield return new(t => t.softmax(dimension), (g, v) => g.Softmax(v, dimension));
            yield return new(t => torch.nn.functional.log_softmax(t, dimension), (g, v) => g.LogSoftmax(v, dimension));
            yield return new(t => torch.nn.functional.normalize(t, 2, dimension), (g, v) =>
                g.Divide(v, g.Node("Max", [g.Unary("Sqrt", g.Sum(g.Multiply(v, v), [dimension], keep: true)), g.Constant(1e-12)], g.Sum(v, [dimension], keep: true).Shape)));
        }
    }

    /// <summary>Functions that change it.</summary>
    public static IEnumerable<Glue> Reshaping(IReadOnlyList<long> shape)
    {
        int rank = shape.Count;
        for (int start = 0; start < rank - 1; start++)
        {
            int first = start;
            yield return new(t => t.flatten(first), (g, v) => g.Flatten(v, first));
        }

        if (rank > 2)
            yield return new(t => t.flatten(0, 1), (g, v) => g.Flatten(v, 0, 1));
        for (int d = 1; d < rank; d++)
        {
            foreach (Glue glue in Reductions([d]))
                yield return glue;
        }

        if (rank > 3)
        {
            foreach (Glue glue in Reductions([.. Enumerable.Range(2, rank - 2).Select(d => (long)d)]))
                yield return glue;
        }

        for (int d = 0; d < rank; d++)
        {
            for (int e = d + 1; e < rank; e++)
            {
                (int a, int b) = (d, e);
                yield return new(t => t.transpose(a, b), (g, v) => g.Transpose(v, a, b));
            }
        }

        if (rank == 4)
        {
            yield return new(t => t.permute(0, 2, 3, 1), (g, v) => g.Permute(v, 0, 2, 3, 1));
            yield return new(t => t.permute(0, 3, 1, 2), (g, v) => g.Permute(v, 0, 3, 1, 2));
        }

        for (int d = 0; d <= rank; d++)
        {
            int at = d;
            yield return new(t => t.unsqueeze(at), (g, v) => g.Unsqueeze(v, at));
        }

        for (int d = 0; d < rank; d++)
        {
            (int dimension, long size) = (d, shape[d]);
            if (size == 1)
                yield return new(t => t.squeeze(dimension), (g, v) => g.Squeeze(v, dimension));
            if (size < 2)
                continue;
            yield return new(t => t.select(dimension, 0), (g, v) => g.Select(v, dimension, 0));
            yield return new(t => t.select(dimension, size - 1), (g, v) => g.Select(v, dimension, size - 1));
            if (dimension > 0)
                yield return new(t => t.narrow(dimension, 1, size - 1), (g, v) => g.Slice(v, dimension, 1, size - 1));
            foreach (int parts in (int[])[2, 3])
            {
                for (int p = 0; p < parts && size % parts == 0 && size > parts; p++)
                {
                    (long start, long length) = (p * size / parts, size / parts);
                    yield return new(t => t.narrow(dimension, start, length), (g, v) => g.Slice(v, dimension, start, length));
                }
            }
        }
    }

    private static IEnumerable<Glue> Reductions(long[] dimensions)
    {
        foreach (bool kept in (bool[])[false, true])
        {
            bool keep = kept;
            yield return new(t => t.mean(dimensions, keep), (g, v) => g.Mean(v, dimensions, keep));
            yield return new(t => t.amax(dimensions, keep), (g, v) => g.Max(v, dimensions, keep));
            yield return new(t => t.sum(dimensions, keep), (g, v) => g.Sum(v, dimensions, keep));
        }
    }
}
