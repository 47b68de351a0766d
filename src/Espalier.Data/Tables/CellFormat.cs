using System.Globalization;
using Espalier.Errors;

namespace Espalier.Data.Tables;

/// <summary>How the cells of a table are written: the decimal mark, and what stands for a missing value.</summary>
internal sealed class CellFormat
{
    /// <summary>What stands for a missing value where nothing else is said; case does not matter.</summary>
    public static readonly IReadOnlyList<string> DefaultMissing = ["", "?", "NA", "N/A", "NaN", "null"];

    private static readonly NumberFormatInfo s_comma = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." };

    private readonly string[] _missing;
    private readonly int _longest;

    public CellFormat(string decimalMark, IReadOnlyList<string>? missing)
    {
        (DecimalMark, _missing) = (decimalMark, [.. missing ?? DefaultMissing]);
        _longest = _missing.Select(m => m.Length).DefaultIfEmpty(-1).Max();
    }

    public static CellFormat Default { get; } = new(".", null);

    public string DecimalMark { get; }

    /// <summary>The mark that this format does not take.</summary>
    public string OtherMark => DecimalMark == "." ? "," : ".";

    public static void Validate(string decimalMark, IReadOnlyList<string>? missing)
    {
        OptionsException.Require(decimalMark is "." or ",", "decimalMark", decimalMark, "must be a point or a comma");
        OptionsException.Require(missing is null || missing.All(m => m is not null), "missing", null, "must be texts");
    }

    public bool IsMissing(ReadOnlySpan<char> cell)
    {
        if (cell.Length > _longest)
            return false;
        foreach (string mark in _missing)
        {
            if (cell.Equals(mark, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>Reads a number; it may be infinite or NaN.</summary>
    public bool TryNumber(ReadOnlySpan<char> cell, out double number) => TryNumber(cell, DecimalMark, out number);

    /// <summary>Whether a cell is a number with the other decimal mark, and none with this one.</summary>
    public bool IsOtherNumber(ReadOnlySpan<char> cell) => !TryNumber(cell, out _) && TryNumber(cell, OtherMark, out _);

    private static bool TryNumber(ReadOnlySpan<char> cell, string mark, out double number) =>
        double.TryParse(cell, NumberStyles.Float, mark == "." ? CultureInfo.InvariantCulture.NumberFormat : s_comma, out number);
}
