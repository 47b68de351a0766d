using System.Runtime.InteropServices;
using Espalier.Files;

namespace Espalier.Anomaly;

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

    public double[] Numbers(string name) => (double[])Get(name);

    public float[] Singles(string name) => (float[])Get(name);

    public int[] Integers(string name) => (int[])Get(name);

    public bool Has(string name) => _arrays.ContainsKey(name);

    private Array Get(string name) => _arrays.TryGetValue(name, out var found) ? found.Values
        : throw new DataException("detector", $"lacks the array '{name}'", "fit and save it again");
}
