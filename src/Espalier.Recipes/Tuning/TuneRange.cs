using System.Globalization;
using System.Text.Json;
using Espalier.Errors;

namespace Espalier.Recipes.Tuning;

/// <summary>The values that one option of a recipe may take: a range, or choices.</summary>
public sealed record TuneRange
{
    /// <summary>The least value; with <see cref="To"/>.</summary>
    public double? From { get; init; }

    /// <summary>The greatest value; with <see cref="From"/>.</summary>
    public double? To { get; init; }

    /// <summary>Whether orders of magnitude count alike: for rates and decays. Default: no.</summary>
    public bool Log { get; init; }

    /// <summary>Whether only whole numbers are taken. Default: no.</summary>
    public bool Whole { get; init; }

    /// <summary>The values themselves, of any kind, in place of a range; none where null.</summary>
    public IReadOnlyList<JsonElement>? Choices { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is missing or out of range.</exception>
    public void Validate()
    {
        OptionsException.Require((Choices is null) != (From is null && To is null), nameof(Choices), Choices?.Count, "must be given, or from and to");
        OptionsException.Require(Choices is null or { Count: >= 1 }, nameof(Choices), 0, "must hold at least one value");
        if (Choices is not null)
            return;
        OptionsException.Require(From is { } from && double.IsFinite(from), nameof(From), From, "must be a finite number");
        OptionsException.Require(To is { } to && double.IsFinite(to) && to >= From, nameof(To), To, $"must be at least from, {From}");
        OptionsException.Require(!Log || From > 0, nameof(From), From, "must be above 0 with log");
    }

    /// <summary>The value at a place of the range.</summary>
    /// <param name="unit">The place, in [0, 1).</param>
    /// <returns>As JSON.</returns>
    internal string At(double unit)
    {
        if (Choices is { } choices)
            return choices[Math.Min(choices.Count - 1, (int)(unit * choices.Count))].GetRawText();
        (double from, double to) = (From!.Value, To!.Value);
        double value = Log ? from * Math.Pow(to / from, unit) : from + ((to - from) * unit);
        if (Whole)
            value = Math.Clamp(Math.Round(Log ? value : from + ((to - from + 1) * unit) - 0.5), from, to);
        return value.ToString(Whole ? "0" : "R", CultureInfo.InvariantCulture);
    }
}
