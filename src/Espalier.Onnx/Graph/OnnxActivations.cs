namespace Espalier.Onnx.Graph;

/// <summary>Functions of one value, elementwise but for the softmaxes.</summary>
public static class OnnxActivations
{
    private const double TanhOfGelu = 0.7978845608028654;    // sqrt(2/pi)

    /// <summary>An operator from one value to one of the same shape.</summary>
    /// <param name="graph">Takes the node.</param>
    /// <param name="type">The operator, such as <c>Relu</c>.</param>
    /// <param name="value">The value.</param>
    /// <param name="attributes">Its attributes.</param>
    public static OnnxValue Unary(this OnnxGraph graph, string type, OnnxValue value, params (string Name, object Value)[] attributes) =>
        graph.Node(type, [value], value.Shape, null, attributes);

    /// <summary>max(x, 0).</summary>
    public static OnnxValue Relu(this OnnxGraph graph, OnnxValue value) => graph.Unary("Relu", value);

    /// <summary>1/(1 + exp(-x)).</summary>
    public static OnnxValue Sigmoid(this OnnxGraph graph, OnnxValue value) => graph.Unary("Sigmoid", value);

    /// <summary>The hyperbolic tangent.</summary>
    public static OnnxValue Tanh(this OnnxGraph graph, OnnxValue value) => graph.Unary("Tanh", value);

    /// <summary>The logarithm.</summary>
    public static OnnxValue Log(this OnnxGraph graph, OnnxValue value) => graph.Unary("Log", value);

    /// <summary>GELU in its exact form, x/2 (1 + erf(x/sqrt 2)).</summary>
    public static OnnxValue Gelu(this OnnxGraph graph, OnnxValue value)
    {
        // The order of these nodes is what runtimes recognise and fuse.
        OnnxValue erf = graph.Unary("Erf", graph.Divide(value, graph.Constant(Math.Sqrt(2))));
        return graph.Multiply(graph.Multiply(value, graph.Add(erf, graph.Constant(1.0))), graph.Constant(0.5));
    }

    /// <summary>GELU in its approximate form, x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))).</summary>
    public static OnnxValue GeluTanh(this OnnxGraph graph, OnnxValue value)
    {
        OnnxValue cube = graph.Multiply(graph.Multiply(value, value), value);
        OnnxValue inner = graph.Scale(graph.Add(value, graph.Scale(cube, 0.044715)), TanhOfGelu);
        return graph.Scale(graph.Multiply(value, graph.Add(graph.Tanh(inner), graph.Constant(1.0))), 0.5);
    }

    /// <summary>x sigmoid(x).</summary>
    public static OnnxValue Silu(this OnnxGraph graph, OnnxValue value) => graph.Multiply(value, graph.Sigmoid(value));

    /// <summary>Values cut to a range.</summary>
    public static OnnxValue Clip(this OnnxGraph graph, OnnxValue value, double lower, double upper) =>
        graph.Node("Clip", [value, graph.Constant(lower), graph.Constant(upper)], value.Shape);

    /// <summary>Softmax over a dimension.</summary>
    public static OnnxValue Softmax(this OnnxGraph graph, OnnxValue value, long dimension = -1) => graph.Unary("Softmax", value, ("axis", (long)value.Axis(dimension)));

    /// <summary>The logarithm of the softmax over a dimension.</summary>
    public static OnnxValue LogSoftmax(this OnnxGraph graph, OnnxValue value, long dimension = -1) => graph.Unary("LogSoftmax", value, ("axis", (long)value.Axis(dimension)));
}
