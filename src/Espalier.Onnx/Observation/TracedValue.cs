using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Observation;

/// <summary>
/// A value inside an observed module: what it was in each of the two runs (with batches of different sizes), and how it is
/// written in ONNX.
/// </summary>
internal sealed class TracedValue
{
    private readonly Func<OnnxGraph, OnnxValue> _emit;
    private readonly Lazy<Tensor> _second;
    private OnnxValue? _emitted;

    public TracedValue(Tensor first, Func<Tensor> second, string description, Func<OnnxGraph, OnnxValue> emit) =>
        (First, _second, Description, _emit) = (first, new(second), description, emit);

    public TracedValue(TracedPair pair, string description, Func<OnnxGraph, OnnxValue> emit) : this(pair.First, () => pair.Second, description, emit)
    {
    }

    public Tensor First { get; }

    /// <summary>Computed when it is asked for: most hypotheses fall in the first run.</summary>
    public Tensor Second => _second.Value;

    /// <summary>What it is, for messages: <c>the output of 'fc1'</c>.</summary>
    public string Description { get; }

    /// <summary>The shape, with the dimensions that follow the batch size marked as dynamic.</summary>
    public IReadOnlyList<long> Shape => new TracedPair(First, Second).Shape;

    /// <summary>The value in the graph; its nodes are added once.</summary>
    public OnnxValue Emit(OnnxGraph graph) => _emitted ??= _emit(graph);

    /// <summary>Frees a hypothesis that fell.</summary>
    public void Drop()
    {
        First.Dispose();
        if (_second.IsValueCreated)
            _second.Value.Dispose();
    }
}
