using System.Globalization;
using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>The settings in a detector's text, <c>knn:k=50</c>: names with numbers, each asked for once.</summary>
public sealed class DetectorSettings
{
    private readonly string _detector;
    private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);
    private readonly List<string> _known = [];

    /// <summary>Reads settings.</summary>
    /// <param name="detector">The detector's name, for messages.</param>
    /// <param name="text">Such as <c>tail=20,alpha=3</c>; may be empty.</param>
    /// <exception cref="OptionsException">A piece is no <c>name=number</c>, or a name occurs twice.</exception>
    public DetectorSettings(string detector, string text)
    {
        _detector = detector;
        foreach (string piece in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            double value = 0;
            bool isSetting = piece.Split('=', StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, var number] && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && _values.TryAdd(name, value);
            OptionsException.Require(isSetting, "detector", piece, $"must be settings of '{detector}' as name=number, each once");
        }
    }

    /// <summary>A number.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="otherwise">Its default.</param>
    public double Number(string name, double otherwise)
    {
        _known.Add(name);
        return _values.GetValueOrDefault(name, otherwise);
    }

    /// <summary>A whole number.</summary>
    /// <param name="name">The setting's name.</param>
    /// <param name="otherwise">Its default.</param>
    /// <exception cref="OptionsException">It is no whole number.</exception>
    public int Integer(string name, int otherwise) => Integer(name) ?? otherwise;

    /// <summary>A whole number, or null where it is left out.</summary>
    /// <param name="name">The setting's name.</param>
    /// <exception cref="OptionsException">It is no whole number.</exception>
    public int? Integer(string name)
    {
        _known.Add(name);
        if (!_values.TryGetValue(name, out double value))
            return null;
        OptionsException.Require(value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue, name, value, "must be a whole number");
        return (int)value;
    }

    /// <summary>Refuses settings that were given and not asked for.</summary>
    /// <exception cref="NotFoundException">There is one.</exception>
    public void RequireAllKnown()
    {
        if (_values.Keys.FirstOrDefault(k => !_known.Contains(k)) is { } unknown)
            throw new NotFoundException($"setting of '{_detector}'", unknown, _known);
    }
}
