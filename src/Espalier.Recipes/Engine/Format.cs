using System.Globalization;

namespace Espalier.Recipes.Engine;

/// <summary>Numbers as people read them, the same in every culture.</summary>
internal static class Format
{
    public static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture).Replace(" %", "%", StringComparison.Ordinal);

    public static string Number(double value, int digits = 3) => value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    public static string Plain(double value) => Math.Abs(value) is >= 1e6 or (< 1e-4 and > 0)
        ? value.ToString("0.####e0", CultureInfo.InvariantCulture)
        : value.ToString("0.######", CultureInfo.InvariantCulture);

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
