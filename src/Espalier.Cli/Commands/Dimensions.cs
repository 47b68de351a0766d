using System.Globalization;
using Espalier.Errors;

namespace Espalier.Cli.Commands;

/// <summary>Shapes as people write them: 3x224x224.</summary>
internal static class Dimensions
{
    /// <summary>Reads a shape.</summary>
    /// <param name="option">The option's name.</param>
    /// <param name="text">Sizes with x or commas between them.</param>
    /// <exception cref="OptionsException">The text is no shape.</exception>
    public static IReadOnlyList<long> Parse(string option, string text)
    {
        string[] parts = text.Split('x', ',');
        long[] sizes = new long[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            OptionsException.Require(long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out sizes[i]) && sizes[i] >= 1, option, text, "must be sizes with x between them, such as 3x224x224");
        return sizes;
    }
}
