using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Observation;

/// <summary>One function of two values that may stand between layers.</summary>
/// <param name="Accepts">Whether two shapes go together: some calls of libtorch end the process where they do not.</param>
/// <param name="Compute">How TorchSharp computes it.</param>
/// <param name="Emit">How it is written in ONNX.</param>
/// <param name="Symmetric">Whether the order of the two does not matter.</param>
internal sealed record PairGlue(
    Func<long[], long[], bool> Accepts, Func<Tensor, Tensor, Tensor> Compute, Func<OnnxGraph, OnnxValue, OnnxValue, OnnxValue> Emit, bool Symmetric = false)
{
    /// <summary>Functions whose result has the broadcast shape.</summary>
    public static IReadOnlyList<PairGlue> Elementwise { get; } =
    [
        new(Broadcast, (a, b) => a + b, (g, a, b) => g.Add(a, b), Symmetric: true),
        new(Broadcast, (a, b) => a * b, (g, a, b) => g.Multiply(a, b), Symmetric: true),
        new(Broadcast, (a, b) => a - b, (g, a, b) => g.Subtract(a, b)),
        new(Broadcast, (a, b) => a / b, (g, a, b) => g.Divide(a, b)),
        new(Broadcast, (a, b) => a.maximum(b), (g, a, b) => g.Node("Max", [a, b], OnnxArithmetic.Broadcast(g, a.Shape, b.Shape)), Symmetric: true),
    ];

    /// <summary>The matrix product, with the second as it is and transposed.</summary>
    public static IReadOnlyList<PairGlue> Products { get; } =
    [
        new((a, b) => a.Length > 1 && b.Length > 1 && a[^1] == b[^2] && Broadcast(a[..^2], b[..^2]), (a, b) => a.matmul(b), (g, a, b) => g.MatMul(a, b)),
        new((a, b) => a.Length > 1 && b.Length > 1 && a[^1] == b[^1] && Broadcast(a[..^2], b[..^2]), (a, b) => a.matmul(b.transpose(-2, -1)), (g, a, b) => g.MatMul(a, g.Transpose(b, -2, -1))),
    ];

    /// <summary>The two one after the other along a dimension.</summary>
    public static PairGlue Concatenation(int dimension) => new(
        (a, b) => a.Length == b.Length && dimension < a.Length && a.Where((_, i) => i != dimension).SequenceEqual(b.Where((_, i) => i != dimension)),
        (a, b) => torch.cat([a, b], dimension),
        (g, a, b) => g.Concatenate([a, b], dimension));

    private static bool Broadcast(long[] a, long[] b)
    {
        for (int i = 1; i <= Math.Min(a.Length, b.Length); i++)
        {
            if (a[^i] != b[^i] && a[^i] != 1 && b[^i] != 1)
                return false;
        }

        return true;
    }
}
