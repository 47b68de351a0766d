using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Export;

/// <summary>What an exported model takes, and where random inputs for its check come from.</summary>
/// <param name="Name">The input's name in the file.</param>
/// <param name="Shape">Shape of one input, without the batch dimension.</param>
/// <param name="Type">Type of its elements: float32, or int64 for token numbers.</param>
/// <param name="Lower">Least value of the random inputs.</param>
/// <param name="Upper">Greatest value of the random inputs; for integers it is included.</param>
public sealed record OnnxInput(string Name, IReadOnlyList<long> Shape, torch.ScalarType Type = torch.ScalarType.Float32, double Lower = -1, double Upper = 1)
{
    /// <summary>
    /// Whether the first dimension of <see cref="Shape"/> is a number of tokens that the file leaves open: it then takes any number up
    /// to that one. Networks for text can; what holds numbers for each place, such as spatial matrices and learned positions, is cut
    /// to the length at run time, and cannot go beyond it. Networks for images cannot.
    /// </summary>
    public bool IsSequence { get; init; }

    /// <summary>The lengths at which a file is checked: the greatest, a middle one and 1; none of a shape that is fixed.</summary>
    internal IReadOnlyList<long> CheckedLengths => IsSequence ? [.. new[] { Shape[0], (Shape[0] + 1) / 2, 1 }.Distinct()] : [];

    /// <summary>The input that an example shows.</summary>
    /// <param name="name">The input's name in the file.</param>
    /// <param name="example">[batch, ...]; random inputs lie between its least and its greatest value.</param>
    public static OnnxInput Like(string name, Tensor example)
    {
        using var scope = torch.NewDisposeScope();
        (double lower, double upper) = example.numel() == 0 ? (-1, 1) : (example.min().ToDouble(), example.max().ToDouble());
        return new(name, [.. example.shape.Skip(1)], example.dtype, lower, upper);
    }

    /// <summary>The shape in the file, the batch first.</summary>
    internal IReadOnlyList<long> OpenShape => [OnnxValue.Dynamic, .. IsSequence ? [OnnxValue.Sequence, .. Shape.Skip(1)] : Shape];

    /// <summary>Random inputs.</summary>
    /// <param name="batch">How many.</param>
    /// <param name="tokens">Their length, where it is open; the greatest where null.</param>
    /// <param name="generator">Gives the numbers.</param>
    /// <param name="device">Where they are wanted.</param>
    internal Tensor Random(int batch, long? tokens, torch.Generator generator, torch.Device device)
    {
        long[] shape = [batch, .. IsSequence ? [tokens ?? Shape[0], .. Shape.Skip(1)] : Shape];
        if (Type is torch.ScalarType.Int64 or torch.ScalarType.Int32)
            return torch.randint((long)Lower, (long)Upper + 1, shape, dtype: Type, generator: generator).to(device);
        using Tensor unit = torch.rand(shape, generator: generator);
        return (unit * (Upper - Lower) + Lower).to(Type).to(device);
    }

    /// <summary>Inputs at the edges of what may come, and beyond.</summary>
    /// <param name="probe">Which.</param>
    /// <param name="tokens">Their length, where it is open.</param>
    /// <param name="generator">Gives the numbers.</param>
    /// <param name="device">Where they are wanted.</param>
    internal Tensor Probe(OnnxProbe probe, long? tokens, torch.Generator generator, torch.Device device)
    {
        const int Batch = 2;
        Tensor random = Random(Batch, tokens, generator, device);
        bool isInteger = Type is torch.ScalarType.Int64 or torch.ScalarType.Int32;
        return probe switch
        {
            OnnxProbe.Least => torch.full_like(random, Lower),
            OnnxProbe.Greatest => torch.full_like(random, Upper),
            _ when isInteger => random,
            OnnxProbe.Zero => torch.zeros_like(random),
            OnnxProbe.Small => random * 1e-3,
            OnnxProbe.Large => random * 30,
            _ => random * 1e3,
        };
    }
}
