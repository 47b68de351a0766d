using static Onnx.TensorProto.Types;

namespace Espalier.Onnx.Graph;

/// <summary>The types of elements that both sides have.</summary>
internal static class OnnxElement
{
    private static readonly Dictionary<torch.ScalarType, DataType> Types = new()
    {
        [torch.ScalarType.Float32] = DataType.Float,
        [torch.ScalarType.Float64] = DataType.Double,
        [torch.ScalarType.Float16] = DataType.Float16,
        [torch.ScalarType.BFloat16] = DataType.Bfloat16,
        [torch.ScalarType.Int64] = DataType.Int64,
        [torch.ScalarType.Int32] = DataType.Int32,
        [torch.ScalarType.Int16] = DataType.Int16,
        [torch.ScalarType.Int8] = DataType.Int8,
        [torch.ScalarType.Byte] = DataType.Uint8,
        [torch.ScalarType.Bool] = DataType.Bool,
    };

    public static bool Has(torch.ScalarType type) => Types.ContainsKey(type);

    public static DataType Of(torch.ScalarType type) => Types[type];
}
