using Espalier.Errors;

namespace Espalier.Networks.Layers;

/// <summary>Options that the data would have filled in.</summary>
internal static class Given
{
    /// <summary>The value.</summary>
    /// <exception cref="OptionsException">There is none.</exception>
    public static int Value(int? value, string option) =>
        value ?? throw new OptionsException(char.ToLowerInvariant(option[0]) + option[1..], null, "must be given, by the data or the options");
}
