using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Anomaly.Tabular;

/// <summary>What a detector learned, as arrays by name: the form in which it is written to a file.</summary>
internal sealed class TabularState
{
    private readonly Dictionary<string, (Array Values, long[] Shape)> _arrays = new(StringComparer.Ordinal);

    public IEnumerable<(string Name, Array Values, long[] Shape)> Arrays => _arrays.Select(a => (a.Key, a.Value.Values, a.Value.Shape));

    /// <summary>For a file.</summary>
    public IReadOnlyDictionary<string, NpyArray> ToArrays() => _arrays.ToDictionary(a => a.Key, a => a.Value.Values switch
    {
        double[] numbers => NpyArray.Of(numbers, a.Value.Shape),
        float[] singles => NpyArray.Of(singles, a.Value.Shape),
        int[] integers => NpyArray.Of(integers, a.Value.Shape),
        _ => throw new InvalidOperationException($"Arrays of {a.Value.Values.GetType()} are not written."),
    });

    /// <summary>From a file.</summary>
    public static TabularState Of(IReadOnlyDictionary<string, NpyArray> arrays)
    {
        var state = new TabularState();
        foreach ((string name, NpyArray array) in arrays)
        {
            state.Set(name, array.Type switch
            {
                NpyType.Float64 => MemoryMarshal.Cast<byte, double>(array.Bytes.Span).ToArray(),
                NpyType.Float32 => MemoryMarshal.Cast<byte, float>(array.Bytes.Span).ToArray(),
                NpyType.Int32 => (Array)MemoryMarshal.Cast<byte, int>(array.Bytes.Span).ToArray(),
                _ => throw new DataException(name, $"is an array of {array.Type}", "fit and save the detector again"),
            }, [.. array.Shape]);
        }

        return state;
    }

    public void Set(string name, Array values, params long[] shape) =>
        _arrays[name] = (values, shape.Length == 0 ? [values.Length] : shape);

    /// <summary>An array of doubles without NaN.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">What its shape must be; <see cref="Any"/> where a size is its own.</param>
    /// <exception cref="DataException">It is missing, or of another type or shape.</exception>
    public double[] Numbers(string name, params long[] shape)
    {
        double[] values = Get<double>(name, shape);
        return !TensorPrimitives.IsNaNAny<double>(values) ? values : throw Wrong(name, "holds a NaN");
    }

    /// <summary>An array of finite doubles.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">What its shape must be; <see cref="Any"/> where a size is its own.</param>
    /// <exception cref="DataException">It is missing, or of another type or shape, or a value is not finite.</exception>
    public double[] Finite(string name, params long[] shape)
    {
        double[] values = Get<double>(name, shape);
        return TensorPrimitives.IsFiniteAll<double>(values) ? values : throw Wrong(name, "holds a value that is not finite");
    }

    /// <summary>An array of floats without NaN.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">What its shape must be; <see cref="Any"/> where a size is its own.</param>
    /// <exception cref="DataException">It is missing, or of another type or shape.</exception>
    public float[] Singles(string name, params long[] shape)
    {
        float[] values = Get<float>(name, shape);
        return !TensorPrimitives.IsNaNAny<float>(values) ? values : throw Wrong(name, "holds a NaN");
    }

    /// <summary>An array of integers within a range.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="least">The least that a value may be.</param>
    /// <param name="most">The most.</param>
    /// <param name="shape">What its shape must be; <see cref="Any"/> where a size is its own.</param>
    /// <exception cref="DataException">It is missing, of another type or shape, or a value is out of range.</exception>
    public int[] Integers(string name, long least, long most, params long[] shape)
    {
        int[] values = Get<int>(name, shape);
        int bad = Array.FindIndex(values, v => v < least || v > most);
        return bad < 0 ? values : throw Wrong(name, $"holds {values[bad]}, outside {least} to {most}");
    }

    /// <summary>A size of an array that it is free to have.</summary>
    public const long Any = -1;

    /// <summary>The size of an array along a dimension.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="dimension">From 0.</param>
    /// <exception cref="DataException">It is missing, or has fewer dimensions.</exception>
    public long Size(string name, int dimension) => _arrays.TryGetValue(name, out var found) && found.Shape.Length > dimension ? found.Shape[dimension] : throw Wrong(name, "is missing or has too few dimensions");

    public bool Has(string name) => _arrays.ContainsKey(name);

    private T[] Get<T>(string name, long[] shape)
    {
        if (!_arrays.TryGetValue(name, out var found))
            throw Wrong(name, "is missing");
        if (found.Values is not T[] values)
            throw Wrong(name, $"holds {found.Values.GetType().GetElementType()!.Name}, not {typeof(T).Name}");
        bool fits = found.Shape.Length == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++)
            fits = shape[i] == Any ? found.Shape[i] > 0 : found.Shape[i] == shape[i];
        if (!fits || found.Shape.Aggregate(1L, (a, b) => a * b) != values.Length)
            throw Wrong(name, $"has the shape [{string.Join(", ", found.Shape)}], not [{string.Join(", ", shape.Select(s => s == Any ? "n" : $"{s}"))}]");
        return values;
    }

    private static DataException Wrong(string name, string problem) => new("detector", $"the array '{name}' {problem}", "fit and save it again");
}
