using Microsoft.ML.OnnxRuntime.Tensors;

namespace Espalier.Onnx.Sessions;

/// <summary>The types of elements that TorchSharp and ONNX Runtime share.</summary>
internal static class OrtElement
{
    private static readonly Dictionary<torch.ScalarType, TensorElementType> Types = new()
    {
        [torch.ScalarType.Float32] = TensorElementType.Float,
        [torch.ScalarType.Float64] = TensorElementType.Double,
        [torch.ScalarType.Float16] = TensorElementType.Float16,
        [torch.ScalarType.Int64] = TensorElementType.Int64,
        [torch.ScalarType.Int32] = TensorElementType.Int32,
        [torch.ScalarType.Byte] = TensorElementType.UInt8,
        [torch.ScalarType.Int8] = TensorElementType.Int8,
        [torch.ScalarType.Bool] = TensorElementType.Bool,
    };

    public static TensorElementType Of(torch.ScalarType type) => Types[type];

    public static bool Has(TensorElementType type) => Types.ContainsValue(type);

    public static torch.ScalarType Of(TensorElementType type) => Types.First(t => t.Value == type).Key;
}
