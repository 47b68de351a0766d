namespace Espalier.Onnx;

/// <summary>What an exported model takes, and where random inputs for its check come from.</summary>
/// <param name="Name">The input's name in the file.</param>
/// <param name="Shape">Shape of one input, without the batch dimension.</param>
/// <param name="Type">Type of its elements: float32, or int64 for token numbers.</param>
/// <param name="Lower">Least value of the random inputs.</param>
/// <param name="Upper">Greatest value of the random inputs; for integers it is included.</param>
public sealed record OnnxInput(string Name, IReadOnlyList<long> Shape, torch.ScalarType Type = torch.ScalarType.Float32, double Lower = -1, double Upper = 1)
{
    /// <summary>The input that an example shows.</summary>
    /// <param name="name">The input's name in the file.</param>
    /// <param name="example">[batch, ...]; random inputs lie between its least and its greatest value.</param>
    public static OnnxInput Like(string name, Tensor example)
    {
        using var scope = torch.NewDisposeScope();
        (double lower, double upper) = example.numel() == 0 ? (-1, 1) : (example.min().ToDouble(), example.max().ToDouble());
        return new(name, [.. example.shape.Skip(1)], example.dtype, lower, upper);
    }

    internal Tensor Random(int batch, torch.Generator generator, torch.Device device)
    {
        long[] shape = [batch, .. Shape];
        if (Type is torch.ScalarType.Int64 or torch.ScalarType.Int32)
            return torch.randint((long)Lower, (long)Upper + 1, shape, dtype: Type, generator: generator).to(device);
        using Tensor unit = torch.rand(shape, generator: generator);
        return (unit * (Upper - Lower) + Lower).to(Type).to(device);
    }
}
