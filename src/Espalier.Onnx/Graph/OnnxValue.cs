namespace Espalier.Onnx;

/// <summary>A value that flows along an edge of an <see cref="OnnxGraph"/>.</summary>
/// <param name="Name">Its name, unique in the graph.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Its dimensions; <see cref="Dynamic"/> marks one that follows the batch size.</param>
public sealed record OnnxValue(string Name, torch.ScalarType Type, IReadOnlyList<long> Shape)
{
    /// <summary>A dimension whose size is known only when the model runs.</summary>
    public const long Dynamic = -1;

    /// <summary>Number of dimensions.</summary>
    public int Rank => Shape.Count;

    /// <summary>A dimension, counted from the end where negative.</summary>
    /// <param name="dimension">In -<see cref="Rank"/>..<see cref="Rank"/>-1.</param>
    /// <returns>The same dimension, counted from the start.</returns>
    public int Axis(long dimension) => checked((int)(dimension < 0 ? dimension + Rank : dimension));

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape.Select(s => s == Dynamic ? "batch" : s.ToString(System.Globalization.CultureInfo.InvariantCulture)))}]";
}
