using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Observation;

/// <summary>A tensor of the first run and the same one of the second.</summary>
internal sealed record TracedPair(Tensor First, Tensor Second)
{
    /// <summary>The shape, with the dimensions that follow the batch size marked as dynamic.</summary>
    public IReadOnlyList<long> Shape => First.shape.Length != Second.shape.Length ? First.shape
        : [.. First.shape.Zip(Second.shape, (a, b) => a == b ? a : OnnxValue.Dynamic)];
}
