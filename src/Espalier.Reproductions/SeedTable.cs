using System.Globalization;

namespace Espalier.Reproductions;

/// <summary>Numbers by name, one for each seed.</summary>
internal sealed class SeedTable
{
    private readonly Dictionary<string, List<double>> _values = [];

    public void Add(string name, double value)
    {
        if (!_values.TryGetValue(name, out List<double>? list))
            _values[name] = list = [];
        list.Add(value);
    }

    public double Mean(string name) => _values[name].Average();

    public double Max(string name) => _values[name].Max();

    public double Min(string name) => _values[name].Min();

    /// <summary>What was added last.</summary>
    public double Last(string name) => _values[name][^1];

    /// <summary>The mean, with the range where there are several seeds.</summary>
    public string Text(string name) => _values[name] switch
    {
        var all when all.Any(v => !double.IsFinite(v)) => "diverged",
        [var one] => Number(one),
        var all => $"{Number(all.Average())} ({Number(all.Min())} to {Number(all.Max())})",
    };

    /// <summary>The value of a whole number, or its range.</summary>
    public string Whole(string name) => (Min(name), Max(name)) switch
    {
        var (low, high) when low == high => low.ToString("0", CultureInfo.InvariantCulture),
        var (low, high) => string.Create(CultureInfo.InvariantCulture, $"{low:0} to {high:0}"),
    };

    /// <summary>The means of all names, for the summary; those that diverged are left out.</summary>
    public IReadOnlyDictionary<string, double> Means() => _values.Where(v => v.Value.All(double.IsFinite)).ToDictionary(v => v.Key, v => v.Value.Average());

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
