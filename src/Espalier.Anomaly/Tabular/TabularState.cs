namespace Espalier.Anomaly;

/// <summary>What a detector learned, as arrays by name: the form in which it is written to a file.</summary>
internal sealed class TabularState
{
    private readonly Dictionary<string, (Array Values, long[] Shape)> _arrays = new(StringComparer.Ordinal);

    public IEnumerable<(string Name, Array Values, long[] Shape)> Arrays => _arrays.Select(a => (a.Key, a.Value.Values, a.Value.Shape));

    public void Set(string name, Array values, params long[] shape) =>
        _arrays[name] = (values, shape.Length == 0 ? [values.Length] : shape);

    public double[] Numbers(string name) => (double[])Get(name);

    public float[] Singles(string name) => (float[])Get(name);

    public int[] Integers(string name) => (int[])Get(name);

    public bool Has(string name) => _arrays.ContainsKey(name);

    private Array Get(string name) => _arrays.TryGetValue(name, out var found) ? found.Values
        : throw new DataException("detector", $"lacks the array '{name}'", "fit and save it again");
}
