using System.Text.Json.Serialization.Metadata;

namespace Espalier.Recipes;

/// <summary>Every option of a recipe by its path, such as <c>train.optimizer.beta1</c>; what lies in lists has none.</summary>
internal static class OptionPaths
{
    private static readonly Lazy<string[]> s_all = new(() => [.. Under(typeof(Recipe), "", [])]);

    public static IReadOnlyList<string> All => s_all.Value;

    private static IEnumerable<string> Under(Type type, string prefix, Type[] above)
    {
        foreach (JsonPropertyInfo property in RecipeJson.Options.GetTypeInfo(type).Properties)
        {
            yield return prefix + property.Name;
            Type part = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (RecipeJson.Options.GetTypeInfo(part).Kind != JsonTypeInfoKind.Object || above.Contains(part))
                continue;
            foreach (string path in Under(part, $"{prefix}{property.Name}.", [.. above, part]))
                yield return path;
        }
    }
}
