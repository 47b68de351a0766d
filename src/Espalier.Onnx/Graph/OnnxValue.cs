namespace Espalier.Onnx.Graph;

/// <summary>A value that flows along an edge of an <see cref="OnnxGraph"/>.</summary>
/// <param name="Name">Its name, unique in the graph.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">
/// Its dimensions; <see cref="Dynamic"/> marks one that follows the batch size, <see cref="Sequence"/> one that follows the length of
/// the inputs.
/// </param>
public sealed record OnnxValue(string Name, torch.ScalarType Type, IReadOnlyList<long> Shape)
{
    /// <summary>A dimension whose size is known only when the model runs.</summary>
    public const long Dynamic = -1;

    /// <summary>The number of tokens of an input whose length is open.</summary>
    public const long Sequence = -2;

    /// <summary>Number of dimensions.</summary>
    public int Rank => Shape.Count;

    /// <summary>A dimension, counted from the end where negative.</summary>
    /// <param name="dimension">In -<see cref="Rank"/>..<see cref="Rank"/>-1.</param>
    /// <returns>The same dimension, counted from the start.</returns>
    public int Axis(long dimension) => checked((int)(dimension < 0 ? dimension + Rank : dimension));

    /// <summary>Whether a size is known only when the model runs.</summary>
    /// <param name="size">A size in <see cref="Shape"/>.</param>
    public static bool IsOpen(long size) => size < 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Text(Shape)}";

    /// <summary>A shape for people, such as [batch, tokens, 12].</summary>
    internal static string Text(IEnumerable<long> shape) =>
        $"[{string.Join(", ", shape.Select(s => NameOf(s) ?? s.ToString(System.Globalization.CultureInfo.InvariantCulture)))}]";

    /// <summary>What an open size is called in the file; null for one that is known.</summary>
    internal static string? NameOf(long size) => size switch
    {
        Dynamic => "batch",
        Sequence => "tokens",
        _ => null,
    };
}
