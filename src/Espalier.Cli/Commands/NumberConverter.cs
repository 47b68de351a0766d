using System.ComponentModel;
using System.Globalization;

namespace Espalier.Cli.Commands;

/// <summary>Reads a number of the command line, also as a fraction: <c>0.03</c>, <c>8/255</c>.</summary>
internal sealed class NumberConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value)
    {
        if (value is not string text)
            return base.ConvertFrom(context, culture, value);
        string[] parts = text.Split('/');
        if (parts is [var whole] && Parse(whole) is { } number)
            return number;
        if (parts is [var upper, var lower] && Parse(upper) is { } numerator && Parse(lower) is { } denominator && denominator != 0)
            return numerator / denominator;
        throw new FormatException($"'{text}' is no number: write 0.03 or 8/255");
    }

    private static double? Parse(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;
}
