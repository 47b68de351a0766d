namespace Espalier.Onnx.Observation;

/// <summary>One call of an observed module during one run, with the calls of its children in order.</summary>
internal sealed record TracedForward(Tensor[] Inputs, List<TracedCall> Calls)
{
    public Tensor[] Outputs { get; set; } = [];
}
