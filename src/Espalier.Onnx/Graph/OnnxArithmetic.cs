namespace Espalier.Onnx.Graph;

/// <summary>Elementwise arithmetic, matrix products and reductions; shapes broadcast as in NumPy.</summary>
public static class OnnxArithmetic
{
    /// <summary>a + b.</summary>
    public static OnnxValue Add(this OnnxGraph graph, OnnxValue a, OnnxValue b) => Elementwise(graph, "Add", a, b);

    /// <summary>a - b.</summary>
    public static OnnxValue Subtract(this OnnxGraph graph, OnnxValue a, OnnxValue b) => Elementwise(graph, "Sub", a, b);

    /// <summary>a * b, elementwise.</summary>
    public static OnnxValue Multiply(this OnnxGraph graph, OnnxValue a, OnnxValue b) => Elementwise(graph, "Mul", a, b);

    /// <summary>a / b, elementwise.</summary>
    public static OnnxValue Divide(this OnnxGraph graph, OnnxValue a, OnnxValue b) => Elementwise(graph, "Div", a, b);

    /// <summary>a * factor.</summary>
    public static OnnxValue Scale(this OnnxGraph graph, OnnxValue a, double factor) => factor == 1 ? a : graph.Multiply(a, graph.Constant(factor));

    /// <summary>The matrix product over the last two dimensions; the others broadcast.</summary>
    public static OnnxValue MatMul(this OnnxGraph graph, OnnxValue a, OnnxValue b)
    {
        IReadOnlyList<long> batch = Broadcast(graph, [.. a.Shape.SkipLast(2)], [.. b.Shape.SkipLast(2)]);
        return graph.Node("MatMul", [a, b], [.. batch, a.Shape[^2], b.Shape[^1]]);
    }

    /// <summary>The mean over dimensions.</summary>
    public static OnnxValue Mean(this OnnxGraph graph, OnnxValue value, IReadOnlyList<long> dimensions, bool keep = false)
    {
        long[] axes = [.. dimensions.Select(d => (long)value.Axis(d)).Order()];
        return graph.Node("ReduceMean", [value], Reduced(value, axes, keep), null, ("axes", axes), ("keepdims", keep ? 1L : 0L));
    }

    /// <summary>The sum over dimensions.</summary>
    public static OnnxValue Sum(this OnnxGraph graph, OnnxValue value, IReadOnlyList<long> dimensions, bool keep = false)
    {
        long[] axes = [.. dimensions.Select(d => (long)value.Axis(d)).Order()];
        return graph.Node("ReduceSum", [value, graph.Constant(axes)], Reduced(value, axes, keep), null, ("keepdims", keep ? 1L : 0L));
    }

    /// <summary>The greatest value over dimensions.</summary>
    public static OnnxValue Max(this OnnxGraph graph, OnnxValue value, IReadOnlyList<long> dimensions, bool keep = false)
    {
        long[] axes = [.. dimensions.Select(d => (long)value.Axis(d)).Order()];
        return graph.Node("ReduceMax", [value], Reduced(value, axes, keep), null, ("axes", axes), ("keepdims", keep ? 1L : 0L));
    }

    /// <summary>Values where the condition holds, others elsewhere.</summary>
    public static OnnxValue Where(this OnnxGraph graph, OnnxValue condition, OnnxValue values, OnnxValue others) =>
        graph.Node("Where", [condition, values, others], Broadcast(graph, Broadcast(graph, condition.Shape, values.Shape), others.Shape), values.Type);

    /// <summary>The same values in another type.</summary>
    public static OnnxValue Cast(this OnnxGraph graph, OnnxValue value, torch.ScalarType type) =>
        value.Type == type ? value : graph.Node("Cast", [value], value.Shape, type, ("to", (long)OnnxElement.Of(type)));

    internal static OnnxValue Elementwise(OnnxGraph graph, string type, OnnxValue a, OnnxValue b, torch.ScalarType? elements = null) =>
        graph.Node(type, [a, b], Broadcast(graph, a.Shape, b.Shape), elements);

    internal static IReadOnlyList<long> Broadcast(OnnxGraph graph, IReadOnlyList<long> a, IReadOnlyList<long> b)
    {
        long[] shape = new long[Math.Max(a.Count, b.Count)];
        for (int i = 1; i <= shape.Length; i++)
        {
            long x = i <= a.Count ? a[^i] : 1;
            long y = i <= b.Count ? b[^i] : 1;
            shape[^i] = x == y || y == 1 ? x : x == 1 ? y
                : throw graph.Refusal($"shapes {OnnxValue.Text(a)} and {OnnxValue.Text(b)} do not broadcast", "correct its conversion");
        }

        return shape;
    }

    private static long[] Reduced(OnnxValue value, long[] axes, bool keep) =>
        [.. value.Shape.Select((size, i) => axes.Contains(i) ? (keep ? 1 : (long?)null) : size).OfType<long>()];
}
