using Espalier.Onnx.Export;

namespace Espalier.Onnx.Graph;

/// <summary>Operators that move values and compute nothing.</summary>
public static class OnnxShaping
{
    /// <summary>The same values in row-major order in another shape.</summary>
    /// <param name="graph">Takes the node.</param>
    /// <param name="value">The value.</param>
    /// <param name="shape">The new shape; <see cref="OnnxValue.Dynamic"/> and <see cref="OnnxValue.Sequence"/> for what follows the batch size and the length.</param>
    /// <exception cref="OnnxExportException">More than one new dimension is open and does not stand where it stood.</exception>
    public static OnnxValue Reshape(this OnnxGraph graph, OnnxValue value, params IReadOnlyList<long> shape)
    {
        if (shape.SequenceEqual(value.Shape))
            return value;
        long[] wanted = [.. shape];
        int open = wanted.Count(OnnxValue.IsOpen);
        for (int i = 0; i < wanted.Length && open > 1; i++)
        {
            // Zero copies the size that the dimension has.
            if (OnnxValue.IsOpen(wanted[i]) && i < value.Rank && value.Shape[i] == wanted[i])
            {
                wanted[i] = 0;
                open--;
            }
        }

        if (open > 1)
            throw graph.Refusal($"{value} cannot be reshaped to {OnnxValue.Text(shape)}: several sizes are open", "correct its conversion");
        return graph.Node("Reshape", [value, graph.Constant([.. wanted.Select(s => Math.Max(s, -1))])], shape);
    }

    /// <summary>Dimensions in another order.</summary>
    /// <param name="graph">Takes the node.</param>
    /// <param name="value">The value.</param>
    /// <param name="order">For each new dimension the old one.</param>
    public static OnnxValue Permute(this OnnxGraph graph, OnnxValue value, params long[] order) =>
        graph.Node("Transpose", [value], [.. order.Select(o => value.Shape[(int)o])], null, ("perm", order));

    /// <summary>Two dimensions exchanged.</summary>
    public static OnnxValue Transpose(this OnnxGraph graph, OnnxValue value, long first, long second)
    {
        long[] order = [.. Enumerable.Range(0, value.Rank).Select(i => (long)i)];
        (int a, int b) = (value.Axis(first), value.Axis(second));
        (order[a], order[b]) = (order[b], order[a]);
        return graph.Permute(value, order);
    }

    /// <summary>All dimensions from one on as a single one.</summary>
    public static OnnxValue Flatten(this OnnxGraph graph, OnnxValue value, long start = 1, long end = -1)
    {
        (int first, int last) = (value.Axis(start), value.Axis(end));
        long[] merged = [.. value.Shape.Skip(first).Take(last - first + 1)];
        long size = merged.Length == 1 ? merged[0] : merged.Any(OnnxValue.IsOpen) ? OnnxValue.Dynamic : merged.Aggregate(1L, (a, b) => a * b);
        return graph.Reshape(value, [.. value.Shape.Take(first), size, .. value.Shape.Skip(last + 1)]);
    }

    /// <summary>A new dimension of size 1.</summary>
    public static OnnxValue Unsqueeze(this OnnxGraph graph, OnnxValue value, long dimension)
    {
        int axis = checked((int)(dimension < 0 ? dimension + value.Rank + 1 : dimension));
        return graph.Node("Unsqueeze", [value, graph.Constant([(long)axis])], [.. value.Shape.Take(axis), 1, .. value.Shape.Skip(axis)]);
    }

    /// <summary>A dimension of size 1 less.</summary>
    public static OnnxValue Squeeze(this OnnxGraph graph, OnnxValue value, long dimension)
    {
        int axis = value.Axis(dimension);
        return graph.Node("Squeeze", [value, graph.Constant([(long)axis])], [.. value.Shape.Take(axis), .. value.Shape.Skip(axis + 1)]);
    }

    /// <summary>A range of a dimension.</summary>
    /// <param name="graph">Takes the node.</param>
    /// <param name="value">The value.</param>
    /// <param name="dimension">Which dimension.</param>
    /// <param name="start">First index.</param>
    /// <param name="length">How many; <see cref="OnnxValue.Sequence"/> for as many as there are tokens, from the first on.</param>
    public static OnnxValue Slice(this OnnxGraph graph, OnnxValue value, long dimension, long start, long length)
    {
        int axis = value.Axis(dimension);
        if (start == 0 && value.Shape[axis] == length)
            return value;
        long[] shape = [.. value.Shape];
        shape[axis] = length;
        OnnxValue end = length == OnnxValue.Sequence ? graph.SequenceLength : graph.Constant([start + length]);
        return graph.Node("Slice", [value, graph.Constant([start]), end, graph.Constant([(long)axis])], shape);
    }

    /// <summary>The last index of a dimension, which disappears.</summary>
    public static OnnxValue Last(this OnnxGraph graph, OnnxValue value, long dimension)
    {
        int axis = value.Axis(dimension);
        long[] shape = [.. value.Shape];
        shape[axis] = 1;
        return graph.Squeeze(graph.Node("Slice", [value, graph.Constant([-1L]), graph.Constant([long.MaxValue]), graph.Constant([(long)axis])], shape), axis);
    }

    /// <summary>One index of a dimension, which disappears.</summary>
    public static OnnxValue Select(this OnnxGraph graph, OnnxValue value, long dimension, long index) =>
        graph.Squeeze(graph.Slice(value, dimension, index, 1), value.Axis(dimension));

    /// <summary>Equal parts along a dimension.</summary>
    public static IReadOnlyList<OnnxValue> Chunk(this OnnxGraph graph, OnnxValue value, int parts, long dimension)
    {
        long size = value.Shape[value.Axis(dimension)] / parts;
        return [.. Enumerable.Range(0, parts).Select(i => graph.Slice(value, dimension, i * size, size))];
    }

    /// <summary>Values one after the other along a dimension.</summary>
    public static OnnxValue Concatenate(this OnnxGraph graph, IReadOnlyList<OnnxValue> values, long dimension)
    {
        int axis = values[0].Axis(dimension);
        long[] shape = [.. values[0].Shape];
        shape[axis] = values.Any(v => OnnxValue.IsOpen(v.Shape[axis])) ? OnnxValue.Dynamic : values.Sum(v => v.Shape[axis]);
        return graph.Node("Concat", values, shape, null, ("axis", (long)axis));
    }

    /// <summary>Rows of a dimension by index: the dimension is replaced by the shape of the indices.</summary>
    public static OnnxValue Gather(this OnnxGraph graph, OnnxValue values, OnnxValue indices, long dimension = 0)
    {
        int axis = values.Axis(dimension);
        return graph.Node("Gather", [values, indices], [.. values.Shape.Take(axis), .. indices.Shape, .. values.Shape.Skip(axis + 1)], null, ("axis", (long)axis));
    }

    /// <summary>One sample repeated for each of the batch.</summary>
    /// <param name="graph">Takes the nodes.</param>
    /// <param name="value">Its first dimension has size 1.</param>
    /// <param name="like">A value whose first dimension is the batch.</param>
    public static OnnxValue ExpandToBatch(this OnnxGraph graph, OnnxValue value, OnnxValue like)
    {
        OnnxValue shape = graph.Node("Shape", [like], [like.Rank], torch.ScalarType.Int64);
        OnnxValue batch = graph.Slice(shape, 0, 0, 1);
        OnnxValue rest = graph.Constant([.. value.Shape.Skip(1)]);
        OnnxValue whole = graph.Node("Concat", [batch, rest], [value.Rank], null, ("axis", 0L));
        return graph.Node("Expand", [value, whole], [OnnxValue.Dynamic, .. value.Shape.Skip(1)]);
    }
}
