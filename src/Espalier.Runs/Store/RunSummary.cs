using System.Text.Json;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Runs.Store;

/// <summary>
/// The numbers a run comes down to, by name and sorted: <c>summary.json</c>. A value that is not finite has no form in
/// JSON; it is kept as "no value", never as a made-up number.
/// </summary>
public sealed class RunSummary
{
    private readonly string _path;
    private readonly SortedDictionary<string, double?> _values;

    private RunSummary(string path, SortedDictionary<string, double?> values) => (_path, _values) = (path, values);

    /// <summary>The values by name, in ordinal order; null stands for NaN or an infinity.</summary>
    public IReadOnlyDictionary<string, double?> Values => _values;

    /// <summary>A value; null where it is absent or was not finite.</summary>
    /// <param name="name">Its name.</param>
    public double? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>Reads a summary; an absent file is an empty one.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file is not a summary.</exception>
    public static RunSummary Load(string path) => new(path, File.Exists(path)
        ? new SortedDictionary<string, double?>(RunFiles.ReadJson<Dictionary<string, double?>>(path, "a summary"), StringComparer.Ordinal)
        : new SortedDictionary<string, double?>(StringComparer.Ordinal));

    /// <summary>Sets a value; <see cref="Save"/> writes it.</summary>
    /// <param name="name">Its name, such as <c>test.accuracy</c>.</param>
    /// <param name="value">The value; NaN and infinities are kept as null.</param>
    public void Set(string name, double value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _values[name] = double.IsFinite(value) ? value : null;
    }

    /// <summary>Writes the file in one step.</summary>
    public void Save() => AtomicFile.Replace(_path, file =>
    {
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        foreach ((string name, double? value) in _values)
        {
            if (value is { } number)
                json.WriteNumber(name, number);
            else
                json.WriteNull(name);
        }

        json.WriteEndObject();
    });
}
